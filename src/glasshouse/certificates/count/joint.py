"""Both players' payoffs as functions of two parameters: rigorous bounds on boxes of them."""

from collections.abc import Sequence
from typing import NamedTuple

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.count.curvature import SECONDS, Bends, Curved
from glasshouse.certificates.covers import Region
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.payoff import ExpectedPayoff, Table, Vectors, sizes
from glasshouse.certificates.probabilities import Probabilities
from glasshouse.certificates.program import Machine, Program, Slopes
from glasshouse.errors import InputError

BOTH = (0, 1)
"""The players, and the inputs, which are their parameters."""


class View(NamedTuple):
    """What is known on a region.

    **Arguments:** `vectors`, everyone's probabilities but the last; `slopes[i][k]`, the derivative
    of player i's payoff by input k; `proper`, whether the outputs are for sure probabilities.
    """

    vectors: Vectors
    slopes: list[list[Interval]]
    proper: bool


class Joint:
    """A program of two inputs, the players' only parameters, and both players' payoffs.

    **Arguments:** `program`; `payoffs`, each player's own, in lists; `proper`, whether the outputs
    are probabilities by construction.
    **Raises:** `InputError` for programs that are not of this kind: with a primitive that has no
    second derivative somewhere, or outputs of which is not known exactly what they add up to.
    """

    def __init__(self, program: Program, payoffs: Sequence[Table], proper: bool):
        actions = sizes(payoffs[0])
        if program.inputs != len(BOTH) or tuple(map(len, program.outputs)) != actions:
            raise InputError("the program is not one of two players with one parameter each")
        rough = {x.primitive for x in program.instructions} - set(SECONDS)
        if rough:
            raise InputError(
                f"the semantics computes {', '.join(sorted(rough))}, of which no second "
                "derivatives are known everywhere"
            )
        most = program.leading()
        self._machine = Machine(most if proper else program)
        text = self._machine.program
        self._outputs = [own[: m - 1] for own, m in zip(text.outputs, actions, strict=True)]
        self._probabilities = Probabilities(self._machine, actions, proper)
        if not self._probabilities.is_exact:
            raise InputError(
                "the semantics' probabilities are not known to add up to one but for rounding"
            )
        wholes = [most.shares_one(player) for player in BOTH]
        totals = self._probabilities.totals
        self._payoffs = [ExpectedPayoff(own, wholes, totals) for own in payoffs]
        self._mixed = [_mixed(own) for own in payoffs]
        self._curved = Curved(text)
        self._reads = _dependencies(text)
        self._actions = actions

    def view(self, region: Region) -> View:
        """Slopes of both payoffs on a region."""
        values, moves = self._machine.registers(intervals_of(region))
        vectors = self._vectors(values)
        proper = self._probabilities.standing(values, moves, region).proper
        slopes = [self._slopes(payoff, vectors, moves) for payoff in self._payoffs]
        return View(vectors, slopes, proper)

    def slopes(self, region: Region) -> list[list[Interval]]:
        """The derivative of each player's payoff by each input."""
        return self.view(region).slopes

    def payoff(self, player: int, region: Region) -> Interval:
        """One player's payoff, up to the same constant everywhere."""
        return self._payoffs[player].value(self._vectors(self._machine.held(intervals_of(region))))

    def bends(self, region: Region, player: int) -> list[Interval]:
        """The derivatives of a player's own slope by both inputs."""
        return self.curves(region)[player]

    def curves(self, region: Region) -> list[list[Interval]]:
        """`bends` of both players."""
        values, moves, bends = self._curved.registers(intervals_of(region))
        vectors = self._vectors(values)
        return [self._own_bends(player, vectors, moves, bends) for player in BOTH]

    def is_read_by_nobody(self, player: int) -> bool:
        """Whether the text of the program says that a player moves its own probabilities only, of
        two actions."""
        other = 1 - player
        touched = {k for register in self._outputs[other] for k in self._reads[register]}
        return player not in touched and self._actions[player] == len(BOTH)

    def own_move(self, player: int, region: Region) -> Interval:
        """The derivative of a player's first probability by its own parameter."""
        _, moves = self._machine.registers(intervals_of(region))
        return moves[self._outputs[player][0]].get(player, iv.NOTHING)

    def _vectors(self, values: Sequence[Interval]) -> Vectors:
        return [[values[r] for r in registers] for registers in self._outputs]

    def _slopes(
        self, payoff: ExpectedPayoff, vectors: Vectors, moves: Sequence[Slopes]
    ) -> list[Interval]:
        found = [iv.NOTHING, iv.NOTHING]
        for own, registers in zip(payoff.effects(vectors), self._outputs, strict=True):
            for effect, register in zip(own, registers, strict=True):
                for k, move in moves[register].items():
                    found[k] = iv.add(found[k], iv.multiply(move, effect))
        return found

    def _own_bends(
        self, player: int, vectors: Vectors, moves: Sequence[Slopes], bends: Sequence[Bends]
    ) -> list[Interval]:
        """Σ effect · second derivative of each probability, and Σ mixed effect · products of
        the derivatives of one probability of each player."""
        found = [iv.NOTHING, iv.NOTHING]
        effects = self._payoffs[player].effects(vectors)
        for own, registers in zip(effects, self._outputs, strict=True):
            for effect, register in zip(own, registers, strict=True):
                for (k, m), bend in bends[register].items():
                    if player in (k, m):
                        other = m if k == player else k
                        found[other] = iv.add(found[other], iv.multiply(effect, bend))
        for row, first in zip(self._mixed[player], self._outputs[0], strict=True):
            for factor, second in zip(row, self._outputs[1], strict=True):
                x, y = moves[first], moves[second]
                for k in BOTH:
                    for a, b in ((x, y), (y, x)):
                        if player in a and k in b:
                            term = iv.scale(factor, iv.multiply(a[player], b[k]))
                            found[k] = iv.add(found[k], term)
        return found


def intervals_of(region: Region) -> list[Interval]:
    """A region as the inputs of a program."""
    return [(arb(low), arb(high)) for low, high in region]


def _mixed(table: Table) -> list[list[arb]]:
    """By how much one more of both probabilities pays, beyond the effects of each."""
    rows = [[arb(x) for x in row] for row in table]
    last = rows[-1]
    return [
        [row[b] - last[b] - row[-1] + last[-1] for b in range(len(row) - 1)] for row in rows[:-1]
    ]


def _dependencies(program: Program) -> list[set[int]]:
    """For every register the inputs that its text lets it depend on: what is multiplied with a
    zero that stands there is left out."""
    found, zeros = [{k} for k in range(program.inputs)], set()
    for k, (name, registers, numbers) in enumerate(program.instructions, program.inputs):
        read = list(registers)
        if name == "affine":
            pairs = zip(registers, numbers[1:], strict=True)
            read = [r for r, factor in pairs if factor and r not in zeros]
            is_zero = not read and not numbers[0]
        else:
            is_zero = name == "constant" and not numbers[0]
            is_zero |= name == "multiply" and not zeros.isdisjoint(registers)
        if is_zero:
            zeros.add(k)
            read = []
        found.append(set().union(*(found[r] for r in read)))
    return found
