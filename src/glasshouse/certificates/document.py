"""Certificates as files: JSON in which every number is exact."""

import json
import math
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from glasshouse.certificates.covers import Region
from glasshouse.certificates.exact import Count, Exact, Finite, Nested, Truth, flattened, shape_of
from glasshouse.certificates.files import (
    OTHER_FORM,
    FilePart,
    digest_of,
    in_lines,
    parsed,
    validated,
)
from glasshouse.certificates.program import Instruction, Program
from glasshouse.errors import InputError

FORMAT = "glasshouse certificate"

CERTIFICATE_VERSION = 2
"""Raised when a file of this version could be misread by an older checker. Programs of version 1
leave out every player's last probability."""

WITHOUT_LAST = 1
"""The version that did."""

MOST_PRECISION_READ = 10_000
"""Bits: files that ask for more are refused."""


Point = tuple[Exact, ...]
Pair = tuple[Exact, Exact]


class GainClaim(FilePart):
    """What is claimed about one player's best gain, by deviations of its own parameters.

    A deviation lists them in order, then the coupling where the claim is about an interval.
    """

    lower: Finite
    """The best gain is at least this …"""
    upper: Exact
    """… and at most this."""
    best: Point
    """The deviation that gains at least `lower`, in the limit where it is infinite."""
    finite: Finite
    """What `witness` gains at least."""
    witness: Point
    """A finite deviation, or the profile itself."""
    attained: Truth | None
    """Whether some finite deviation gains as much as any; null where that is not proved."""
    improper: tuple[Count, ...] = ()
    """Players, from 0, whose probabilities are not shown to be such on all of the cover."""


class FloatsDiffer(FilePart):
    """A point where the semantics, computed in floats, is not what its program is."""

    player: Count
    """Who deviates, …"""
    at: Point
    """… where to, …"""
    owner: Count
    """… whose probability differs, …"""
    action: Count
    """… that of which action, …"""
    computed: Exact | None
    """… and what the floats gave; null for NaN."""


class Claim(FilePart):
    """What the certificate says."""

    verdict: Literal["certified", "refuted", "unknown"]
    """Whether the profile is an ε-equilibrium: proved, disproved by a witness, or neither."""
    epsilon: Annotated[Finite, Field(ge=0)]
    """In units of payoff."""
    gains: tuple[GainClaim, ...]
    """One per player."""
    floats: FloatsDiffer | None = None
    """Where floats are known to differ from the program: the verdict is "unknown" then."""


class LogisticNumbers(FilePart):
    """The numbers of the logistic semantics."""

    kind: Literal["logistic"] = "logistic"
    coupling: tuple[tuple[Finite, ...], ...]
    """`coupling[i][j]`, the weight with which i reads j; times the factor of `couplings`."""
    own_weight: tuple[Finite, ...]
    """One per player."""

    def check(self, actions: tuple[int, ...], params: tuple[tuple[float, ...], ...]) -> None:
        """Whether they are for so many players, actions and parameters, or a `ValueError`."""
        players = len(actions)
        if len(self.own_weight) != players or shape_of(self.coupling) != (players, players):
            raise ValueError(f"coupling and own_weight must be for {players} players")
        if any(row[i] != 0 for i, row in enumerate(self.coupling)):
            raise ValueError("coupling[i][i] must be 0: nobody reads itself")
        if any(len(own) != count - 1 for own, count in zip(params, actions, strict=True)):
            raise ValueError("the logistic semantics has one parameter less than actions")


class AffineNumbers(FilePart):
    """The numbers of the affine semantics."""

    kind: Literal["affine"] = "affine"
    weight: Finite
    """The weight of what is read; times the factor of `couplings`."""

    def check(self, actions: tuple[int, ...], params: tuple[tuple[float, ...], ...]) -> None:
        """Whether they are for so many players, actions and parameters, or a `ValueError`."""
        if len(actions) < 2 or set(actions) != {2} or {len(own) for own in params} != {1}:
            raise ValueError("the affine semantics has two actions and one parameter per player")


class ProgramOnly(FilePart):
    """Any other semantics: the programs in the proofs are all that is known of it."""

    kind: Literal["program"] = "program"

    def check(self, actions: tuple[int, ...], params: tuple[tuple[float, ...], ...]) -> None:
        """There is nothing to check."""


Semantics = Annotated[LogisticNumbers | AffineNumbers | ProgramOnly, Field(discriminator="kind")]


def check_affine(
    semantics: Semantics, low: float, high: float, boxes: tuple[tuple[Pair, ...], ...]
) -> None:
    """Whether an affine semantics, its weight times any factor between `low` and `high`, yields
    probabilities, or a `ValueError`."""
    if isinstance(semantics, AffineNumbers):
        weight = Fraction(semantics.weight)  # exact: 1 + 2^-60 is no weight
        ends = [end for box in boxes for values in box for end in values]
        if not all(0 <= x <= 1 for x in (weight * Fraction(low), weight * Fraction(high), *ends)):
            raise ValueError("affine weights and parameters must lie between 0 and 1")


class ProgramText(FilePart):
    """A straight-line program, as `Program` holds it."""

    inputs: Count
    instructions: tuple[tuple[str, tuple[Count, ...], tuple[Finite, ...]], ...]
    """Primitive, registers, numbers."""
    outputs: tuple[tuple[Count, ...], ...]

    @classmethod
    def of(cls, program: Program) -> "ProgramText":
        """A program as the file has it."""
        instructions = tuple((x.primitive, x.registers, x.numbers) for x in program.instructions)
        return cls(inputs=program.inputs, instructions=instructions, outputs=program.outputs)

    def program(self) -> Program:
        """The program, or an `InputError` where it is none."""
        instructions = tuple(Instruction(*parts) for parts in self.instructions)
        return Program(self.inputs, instructions, self.outputs)


class Problem(FilePart):
    """What the claim is about: a game in parameters, and a profile of it."""

    payoffs: Nested
    """Nested lists of shape (players, *actions)."""
    semantics: Semantics
    """What parameters mean."""
    boxes: tuple[tuple[Pair, ...], ...]
    """For every player and parameter its lowest and highest value, "-inf" or "inf" for none."""
    params: tuple[tuple[Finite, ...], ...]
    """The profile: for every player its parameters, in order."""
    couplings: Pair | None
    """The claim is about every factor of the couplings in this interval; null for 1 alone."""
    programs: tuple[ProgramText, ...]
    """For every player, everyone's probabilities as functions of its own parameters: those of all
    actions or, in files of version 1, of all but the last."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Problem":
        shape = shape_of(self.payoffs)
        players = len(shape) - 1
        if players < 1 or shape[0] != players:
            raise ValueError("payoffs must have the shape (players, *actions)")
        if not all(map(math.isfinite, flattened(self.payoffs))):
            raise ValueError("payoffs must be finite")
        if {len(self.boxes), len(self.params), len(self.programs)} != {players}:
            raise ValueError(f"boxes, params and programs must be those of {players} players")
        for box, own in zip(self.boxes, self.params, strict=True):
            pairs = zip(own, box, strict=False)
            if len(box) != len(own) or not all(low <= x <= high for x, (low, high) in pairs):
                raise ValueError(f"the parameters {own} do not lie in their box")
        low, high = self.couplings or (1.0, 1.0)
        if not -math.inf < low <= high < math.inf:
            raise ValueError("couplings must be a finite interval")
        self.semantics.check(self.actions, self.params)
        check_affine(self.semantics, low, high, self.boxes)
        for player, text in enumerate(self.programs):
            fits = tuple(map(len, text.outputs)) in (self.actions, self.all_but_last)
            if not fits or text.inputs != len(self.region(player)):
                raise ValueError(f"the program of player {player + 1} is for another game")
        return self

    @property
    def all_but_last(self) -> tuple[int, ...]:
        """How many outputs each player has in programs that leave out the last probability."""
        return tuple(count - 1 for count in self.actions)

    @property
    def is_builtin(self) -> bool:
        """Whether the programs follow from the semantics' numbers, and yield probabilities."""
        return not isinstance(self.semantics, ProgramOnly)

    @property
    def actions(self) -> tuple[int, ...]:
        """How many actions each player has."""
        return shape_of(self.payoffs)[1:]

    def region(self, player: int) -> Region:
        """All deviations of one player, and the couplings the claim is about."""
        return self.boxes[player] + (() if self.couplings is None else (self.couplings,))


class Proof(FilePart):
    """Why one player's `upper` holds."""

    precision: Annotated[int, Field(ge=2, le=MOST_PRECISION_READ, strict=True)]
    """Bits of the arithmetic in which it was found."""
    cover: str
    """All deviations, split into pieces on each of which `upper` can be shown at once."""

    @field_validator("cover")
    @classmethod
    def _is_spaced(cls, cover: str) -> str:
        if cover != " ".join(cover.split()) or not cover.isascii():
            raise ValueError("must be tokens with one space between them")
        return cover


class Document(FilePart):
    """A certificate file."""

    format: Literal["glasshouse certificate"] = FORMAT
    schema_version: Literal[1, 2] = CERTIFICATE_VERSION
    glasshouse: str
    """The version that wrote it."""
    problem: Problem
    claim: Claim
    proofs: tuple[Proof, ...]
    """One per player."""
    digest: str = ""
    """SHA-256 of everything else, written with sorted keys and without spaces."""

    @model_validator(mode="after")
    def _is_for_all_players(self) -> "Document":
        players = len(self.problem.params)
        if {len(self.claim.gains), len(self.proofs)} != {players}:
            raise ValueError(f"gains and proofs must be those of {players} players")
        old = self.schema_version == WITHOUT_LAST
        wanted = self.problem.all_but_last if old else self.problem.actions
        if any(tuple(map(len, text.outputs)) != wanted for text in self.problem.programs):
            raise ValueError(f"programs must have outputs for {wanted} actions")
        return self

    @property
    def is_complete(self) -> bool:
        """Whether every probability of the semantics is in it."""
        return self.schema_version != WITHOUT_LAST or self.problem.is_builtin

    def contents(self) -> dict[str, Any]:
        """What its file holds, as plain data."""
        contents = self.model_dump(mode="json")
        if self.schema_version == WITHOUT_LAST:
            del contents["claim"]["floats"]
            for gain in contents["claim"]["gains"]:
                del gain["improper"]
        return contents

    def sealed(self) -> "Document":
        """The same with the digest that belongs to it."""
        return self.model_copy(update={"digest": digest_of(self.contents())})

    def text(self) -> str:
        """What is written to the file."""
        return in_lines(self.contents(), levels=2) + "\n"


def read_document(text: str, name: str) -> Document:
    """A certificate from the text of its file."""
    contents = parsed(text, name)
    if contents.get("format") != FORMAT:
        raise InputError(f"{name} is no certificate: its format is not {FORMAT!r}")
    document = validated(Document, contents, (WITHOUT_LAST, CERTIFICATE_VERSION), name)
    if _with_one_zero(contents, document) != _with_one_zero(document.contents(), document):
        raise InputError(f"{name} {OTHER_FORM}")
    return document


def _with_one_zero(contents: dict[str, Any], document: Document) -> str:
    """A file's contents as text. Of version 1, zeros may have signs."""
    text, zero = json.dumps(contents, sort_keys=True), json.dumps((0.0).hex())
    signed = document.schema_version == WITHOUT_LAST
    return text.replace(json.dumps((-0.0).hex()), zero) if signed else text
