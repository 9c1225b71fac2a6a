"""Whether a certificate of all equilibria proves what it claims, believing nothing in it."""

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.count.claim import claimed, count_of
from glasshouse.certificates.count.document import CountDocument
from glasshouse.certificates.count.isolation import check_isolation, meet
from glasshouse.certificates.count.joint import Joint
from glasshouse.certificates.count.tree import LEFT, is_as_said, leaves_of
from glasshouse.certificates.verification import Verification
from glasshouse.errors import InputError


def check_count(document: CountDocument) -> Verification:
    """Check a certificate of all equilibria that has been read, whatever its digest."""
    certificate = count_of(document)
    try:
        _check(document)
    except InputError as error:
        return Verification(False, True, str(error), certificate)
    return Verification(True, True, "", certificate)


def _check(document: CountDocument) -> None:
    """Whether the claim is proved, or an `InputError` that says what is not.

    The program of a built-in semantics is built anew from its numbers; every equilibrium is
    isolated again, no two of them being the same; every piece of the box is looked at again; and
    the claim is drawn from that.
    """
    problem, proof, boxes = document.problem, document.proof, document.boxes
    isolations = [text.isolation() for text in proof.isolations]
    with iv.precision(proof.precision):
        joint = Joint(problem.checked_program(), problem.payoffs, problem.is_builtin)
        for k, isolation in enumerate(isolations):
            try:
                check_isolation(joint, boxes, isolation)
            except InputError as error:
                raise InputError(f"equilibrium {k + 1} is not proved: {error}") from error
            if any(meet(isolation.inside, other.inside) for other in isolations[:k]):
                raise InputError(f"equilibrium {k + 1} may be one of those before it")
        left = 0
        for piece, token in leaves_of(boxes, proof.tree.split()):
            left += token == LEFT
            if not is_as_said(joint, boxes, isolations, piece, token):
                raise InputError(f"in the piece {piece} it is not so that {token!r:.40}")
    if document.claim != claimed(len(isolations), left):
        raise InputError("the number of equilibria is not what the proof shows")
