"""Several programs of the same inputs as one, in which what is the same is computed once."""

from collections.abc import Sequence

from glasshouse.certificates.program import Instruction, Program


def merged(programs: Sequence[Program]) -> list[Program]:
    """The same programs with the same instructions, equal ones once, and each its own outputs.

    So one evaluation serves them all. And where they share a probability, as those of a player
    who does not read the others do, what it is worth against each of the others' atoms can be added
    up before it is multiplied by how the probability moves: nothing is lost to intervals where
    the mixture makes the player indifferent.
    """
    inputs = programs[0].inputs
    instructions: list[Instruction] = []
    places: dict[Instruction, int] = {}
    outputs = []
    for program in programs:
        new = list(range(inputs))
        for primitive, registers, numbers in program.instructions:
            renamed = _plain(Instruction(primitive, tuple(new[r] for r in registers), numbers))
            if renamed not in places:
                places[renamed] = inputs + len(instructions)
                instructions.append(renamed)
            new.append(places[renamed])
        outputs.append(tuple(tuple(new[r] for r in own) for own in program.outputs))
    return [Program(inputs, tuple(instructions), own) for own in outputs]


def _plain(instruction: Instruction) -> Instruction:
    """A sum without what it counts zero times, such as a player who is not read."""
    primitive, registers, numbers = instruction
    if primitive != "affine" or all(numbers[1:]):
        return instruction
    kept = [(r, c) for r, c in zip(registers, numbers[1:], strict=True) if c]
    return Instruction(primitive, tuple(r for r, _ in kept), (numbers[0], *(c for _, c in kept)))
