"""Certificates of all equilibria as files: JSON in which every number is exact."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from glasshouse.certificates.builtin import joint_program
from glasshouse.certificates.count.isolation import Isolation, Reply
from glasshouse.certificates.count.joint import BOTH
from glasshouse.certificates.count.tree import leaves_of
from glasshouse.certificates.covers import Region
from glasshouse.certificates.document import (
    MOST_PRECISION_READ,
    ProgramOnly,
    ProgramText,
    Semantics,
    check_affine,
)
from glasshouse.certificates.exact import Count, Finite, Nested, flattened, shape_of
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

COUNT_FORMAT = "glasshouse certificate of all equilibria"

COUNT_VERSION = 1
"""Raised when a file of this version could be misread by an older checker."""

Ends = tuple[Finite, Finite]
Rectangle = tuple[Ends, Ends]
Sign = Annotated[int, Field(ge=-1, le=1, strict=True)]


class CountProblem(FilePart):
    """The game: two players with one parameter each, in boxes."""

    payoffs: Nested
    """Nested lists of shape (2, actions of player 1, actions of player 2)."""
    semantics: Semantics
    """What parameters mean."""
    boxes: Rectangle
    """Each parameter's lowest and highest value."""
    program: ProgramText
    """Everyone's probabilities as functions of both parameters."""

    @model_validator(mode="after")
    def _fits_together(self) -> "CountProblem":
        shape = shape_of(self.payoffs)
        if len(shape) != len(BOTH) + 1 or shape[0] != len(BOTH):
            raise ValueError("payoffs must have the shape (2, *actions) of two players")
        if not all(abs(x) < float("inf") for x in flattened(self.payoffs)):
            raise ValueError("payoffs must be finite")
        if not all(low < high for low, high in self.boxes):
            raise ValueError("a parameter's lowest value must be below its highest")
        self.semantics.check(self.actions, ((0.0,), (0.0,)))
        check_affine(self.semantics, 1.0, 1.0, (self.boxes,))
        outputs = tuple(map(len, self.program.outputs))
        if outputs != self.actions or self.program.inputs != len(BOTH):
            raise ValueError("the program is for another game")
        return self

    @property
    def actions(self) -> tuple[int, ...]:
        """How many actions each player has."""
        return shape_of(self.payoffs)[1:]

    @property
    def is_builtin(self) -> bool:
        """Whether the program follows from the semantics' numbers, and yields probabilities."""
        return not isinstance(self.semantics, ProgramOnly)

    def checked_program(self) -> Program:
        """The program, which for a built-in semantics must be the one built from its numbers."""
        program = self.program.program()
        if self.is_builtin and program != joint_program(self.semantics, self.actions):
            raise InputError("the program is not that of this semantics")
        return program


class CountClaim(FilePart):
    """What the certificate says."""

    count: Literal["exactly", "at least", "unknown"]
    """Whether `number` is how many equilibria there are, or at least how many, or says nothing."""
    number: Count
    """How many are isolated."""
    left: Count
    """In how many pieces nothing is known."""


class ReplyText(FilePart):
    """Why one player does not gain by deviating from an isolated equilibrium."""

    ends: tuple[Finite, ...]
    """Of the pieces of its range; none where it is indifferent, and nobody reads it."""
    near: tuple[Count, Count]
    """The first and the last piece around the equilibrium: concave, or rising to the bound."""


class IsolationText(FilePart):
    """A region with exactly one equilibrium."""

    held: tuple[Sign, Sign]
    """For each player -1 or 1 where it is at its lower or upper bound, else 0."""
    around: Rectangle
    """The region."""
    inside: Rectangle
    """A small one in which the equilibrium lies."""
    replies: tuple[ReplyText, ReplyText]
    """One for each player."""

    @classmethod
    def of(cls, isolation: Isolation) -> "IsolationText":
        """An isolation as the file has it."""
        replies = tuple(ReplyText(ends=x.ends, near=x.near) for x in isolation.replies)
        held, around, inside = isolation.held, isolation.around, isolation.inside
        return cls.model_validate(
            {"held": held, "around": around, "inside": inside, "replies": replies}
        )

    def isolation(self) -> Isolation:
        """The same for the checks."""
        first, second = (Reply(x.ends, x.near) for x in self.replies)
        return Isolation(self.held, self.around, self.inside, (first, second))


class CountProof(FilePart):
    """Why the claim holds."""

    precision: Annotated[int, Field(ge=2, le=MOST_PRECISION_READ, strict=True)]
    """Bits of the arithmetic in which it was found."""
    isolations: tuple[IsolationText, ...]
    """The equilibria."""
    tree: str
    """The box, cut into pieces in which there is no other."""

    @field_validator("tree")
    @classmethod
    def _is_spaced(cls, tree: str) -> str:
        if tree != " ".join(tree.split()) or not tree.isascii():
            raise ValueError("must be tokens with one space between them")
        return tree


class CountDocument(FilePart):
    """A certificate of all equilibria, as its file has it."""

    format: Literal["glasshouse certificate of all equilibria"] = COUNT_FORMAT
    schema_version: Literal[1] = COUNT_VERSION
    glasshouse: str
    """The version that wrote it."""
    problem: CountProblem
    claim: CountClaim
    proof: CountProof
    digest: str = ""
    """SHA-256 of everything else, written with sorted keys and without spaces."""

    @model_validator(mode="after")
    def _is_cut_in_pieces(self) -> "CountDocument":
        try:
            list(leaves_of(self.boxes, self.proof.tree.split()))
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def is_builtin(self) -> bool:
        """Whether the semantics is known by its numbers."""
        return self.problem.is_builtin

    @property
    def boxes(self) -> Region:
        """The box of each parameter."""
        return self.problem.boxes

    def contents(self) -> dict[str, Any]:
        """What its file holds, as plain data."""
        return self.model_dump(mode="json")

    def sealed(self) -> "CountDocument":
        """The same with the digest that belongs to it."""
        return self.model_copy(update={"digest": digest_of(self.contents())})

    def text(self) -> str:
        """What is written to the file."""
        return in_lines(self.contents(), levels=2) + "\n"


def read_count(text: str, name: str) -> CountDocument:
    """A certificate of all equilibria from the text of its file."""
    contents = parsed(text, name)
    document = validated(CountDocument, contents, (COUNT_VERSION,), name)
    if digest_of(document.contents()) != document.digest:
        raise InputError(f"{name} {OTHER_FORM}")
    return document
