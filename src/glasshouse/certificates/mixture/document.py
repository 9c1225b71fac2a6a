"""Certificates of mixtures as files: JSON in which every number is exact."""

import itertools
import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from glasshouse.certificates.builtin import builtin_program
from glasshouse.certificates.covers import Region
from glasshouse.certificates.document import (
    AffineNumbers,
    FloatsDiffer,
    ProgramOnly,
    ProgramText,
    Proof,
    Semantics,
)
from glasshouse.certificates.exact import Count, Exact, Finite, Nested, flattened, shape_of
from glasshouse.certificates.files import (
    OTHER_FORM,
    FilePart,
    digest_of,
    in_lines,
    parsed,
    validated,
)
from glasshouse.certificates.program import Program
from glasshouse.errors import InputError

MIXTURE_FORMAT = "glasshouse certificate of a mixture"

MIXTURE_VERSION = 1
"""Raised when a file of this version could be misread by an older checker."""

MOST_PROFILES = 1000
"""Profiles of the other players' atoms, of which each needs a program: more are refused."""

WEIGHTS_ADD_UP = 1e-9
"""By so much weights may miss adding up to one: an atom's probability is its weight over all."""

FinitePair = tuple[Finite, Finite]


class MixtureGainClaim(FilePart):
    """What is claimed about one player: its payoff, and its best gain over all of its box."""

    payoff: FinitePair
    """What the mixture pays it lies between these."""
    lower: Annotated[Finite, Field(ge=0)]
    """`best` gains at least this …"""
    upper: Annotated[Exact, Field(ge=0)]
    """… and no deviation gains more than this."""
    best: tuple[Finite, ...]
    """A deviation, or the player's first atom."""
    improper: tuple[Count, ...] = ()
    """Players, from 0, whose probabilities are not shown to be such on all of the cover."""


class MixtureFloats(FilePart):
    """A point where the semantics, computed in floats, is not what its program is."""

    against: Count
    """Against which profile of the others' atoms, in the order of the programs."""
    point: FloatsDiffer


class MixtureClaim(FilePart):
    """What the certificate says."""

    verdict: Literal["certified", "refuted", "unknown"]
    """Whether the mixture is an ε-equilibrium: proved, disproved by a deviation, or neither."""
    epsilon: Annotated[Finite, Field(ge=0)]
    """In units of payoff."""
    gains: tuple[MixtureGainClaim, ...]
    """One per player."""
    floats: MixtureFloats | None = None
    """Where floats are known to differ from the program: the verdict is "unknown" then."""


class MixtureProblem(FilePart):
    """What the claim is about: a game in parameters, and a mixture for every player."""

    payoffs: Nested
    """Nested lists of shape (players, *actions)."""
    semantics: Semantics
    """What parameters mean."""
    boxes: tuple[tuple[FinitePair, ...], ...]
    """For every player and parameter its lowest and highest value."""
    atoms: tuple[tuple[tuple[Finite, ...], ...], ...]
    """For every player its atoms: each all of its parameters, in order."""
    weights: tuple[tuple[Annotated[Finite, Field(gt=0)], ...], ...]
    """For every player and atom the weight: the probability is the weight over their sum."""
    programs: tuple[tuple[ProgramText, ...], ...]
    """For every player, and every profile of the others' atoms with the last player's changing
    fastest, everyone's probabilities as functions of its own parameters. Empty where they follow
    from the semantics' numbers."""

    @model_validator(mode="after")
    def _belongs_together(self) -> "MixtureProblem":
        shape = shape_of(self.payoffs)
        players = len(shape) - 1
        if players < 2 or shape[0] != players:
            raise ValueError("payoffs must have the shape (players, *actions), of two or more")
        if not all(map(math.isfinite, flattened(self.payoffs))):
            raise ValueError("payoffs must be finite")
        if {len(self.boxes), len(self.atoms), len(self.weights)} != {players}:
            raise ValueError(f"boxes, atoms and weights must be those of {players} players")
        for box, atoms, weights in zip(self.boxes, self.atoms, self.weights, strict=True):
            if not atoms or len(atoms) != len(weights) or len(set(atoms)) < len(atoms):
                raise ValueError("every player needs atoms that differ, each with a weight")
            if abs(math.fsum(weights) - 1) > WEIGHTS_ADD_UP:
                raise ValueError(f"the weights {weights} do not add up to 1")
            if not all(low <= high for low, high in box):
                raise ValueError("the lower end of a range must not be above the upper one")
            if not all(is_inside(atom, box) for atom in atoms):
                raise ValueError("all atoms must lie in the box")
        if any(self.profiles(i) > MOST_PROFILES for i in range(players)):
            raise ValueError(f"a player faces more than {MOST_PROFILES} profiles of atoms")
        self.semantics.check(self.actions, tuple(own[0] for own in self.atoms))
        if isinstance(self.semantics, AffineNumbers):
            ends = [end for box in self.boxes for values in box for end in values]
            if not all(0 <= x <= 1 for x in (self.semantics.weight, *ends)):
                raise ValueError("affine weights and parameters must lie between 0 and 1")
        self._check_programs()
        return self

    def _check_programs(self) -> None:
        if self.is_builtin:
            if self.programs:
                raise ValueError("the programs of this semantics follow from its numbers")
            return
        wanted = tuple(map(self.profiles, range(len(self.atoms))))
        if tuple(map(len, self.programs)) != wanted:
            raise ValueError(f"there must be {wanted} programs, one for each profile of the others")
        for player, texts in enumerate(self.programs):
            for text in texts:
                fits = tuple(map(len, text.outputs)) == self.actions
                if not fits or text.inputs != len(self.boxes[player]):
                    raise ValueError(f"a program of player {player + 1} is for another game")

    @property
    def is_builtin(self) -> bool:
        """Whether the programs follow from the semantics' numbers, and yield probabilities."""
        return not isinstance(self.semantics, ProgramOnly)

    @property
    def actions(self) -> tuple[int, ...]:
        """How many actions each player has."""
        return shape_of(self.payoffs)[1:]

    def region(self, player: int) -> Region:
        """All deviations of one player."""
        return self.boxes[player]

    def profiles(self, player: int) -> int:
        """How many profiles the others' atoms make."""
        return math.prod(len(own) for j, own in enumerate(self.atoms) if j != player)

    def others(self, player: int) -> Iterator[tuple[int, ...]]:
        """Every profile of the others' atoms by number, the player's own being its first."""
        ranges = (range(1 if j == player else len(own)) for j, own in enumerate(self.atoms))
        return itertools.product(*ranges)

    def programs_of(self, player: int) -> list[Program]:
        """Everyone's probabilities against each profile of the others' atoms."""
        if not self.is_builtin:
            return [text.program() for text in self.programs[player]]
        return [
            builtin_program(
                self.semantics,
                self.actions,
                [own[k] for own, k in zip(self.atoms, chosen, strict=True)],
                player,
            )
            for chosen in self.others(player)
        ]


def is_inside(point: tuple[float, ...], region: Region) -> bool:
    """Whether a point has a number for every range, in it."""
    return len(point) == len(region) and all(
        low <= x <= high for x, (low, high) in zip(point, region, strict=True)
    )


class MixtureDocument(FilePart):
    """A certificate of a mixture as its file has it."""

    format: Literal["glasshouse certificate of a mixture"] = MIXTURE_FORMAT
    schema_version: Literal[1] = MIXTURE_VERSION
    glasshouse: str
    """The version that wrote it."""
    problem: MixtureProblem
    claim: MixtureClaim
    proofs: tuple[Proof, ...]
    """One per player."""
    digest: str = ""
    """SHA-256 of everything else, written with sorted keys and without spaces."""

    @model_validator(mode="after")
    def _has_proofs_for_all(self) -> "MixtureDocument":
        players = len(self.problem.atoms)
        if {len(self.claim.gains), len(self.proofs)} != {players}:
            raise ValueError(f"gains and proofs must be those of {players} players")
        for player, gain in enumerate(self.claim.gains):
            if not is_inside(gain.best, self.problem.region(player)):
                raise ValueError(f"the deviation of player {player + 1} is outside the box")
        return self

    def contents(self) -> dict[str, Any]:
        """What its file holds, as plain data."""
        return self.model_dump(mode="json")

    def sealed(self) -> "MixtureDocument":
        """The same with the digest that belongs to it."""
        return self.model_copy(update={"digest": digest_of(self.contents())})

    def text(self) -> str:
        """What is written to the file."""
        return in_lines(self.contents(), levels=2) + "\n"


def read_mixture(text: str, name: str) -> MixtureDocument:
    """A certificate of a mixture from the text of its file."""
    contents = parsed(text, name)
    if contents.get("format") != MIXTURE_FORMAT:
        raise InputError(f"{name} is no certificate of a mixture: its format is another")
    document = validated(MixtureDocument, contents, (MIXTURE_VERSION,), name)
    if digest_of(document.contents()) != document.digest:
        raise InputError(f"{name} {OTHER_FORM}")
    return document
