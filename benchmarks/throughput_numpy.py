"""The problem of the throughput benchmark, and NumPy written for it as well as we can.

Nothing here imports JAX: the processes that compute with NumPy import only this.
"""

import dataclasses
import math
import multiprocessing
import os
import resource
import sys
import time
from typing import Any

import numpy as np

CASES = ("shared", "couplings", "payoffs")
"""What differs per trajectory beside the start: nothing, a coupling matrix, a payoff tensor."""

T, R, P, S = 5.0, 3.0, 1.0, 0.0
COUPLING, BOUND, STEP_SIZE = 0.5, 3.0, 0.1
PROCESSES = os.cpu_count() or 1
CHUNK_SIZES = (2048, 4096, 6250, 8334, 12500, 16667)
CALIBRATION_STEPS = 100


@dataclasses.dataclass(frozen=True)
class Problem:
    """Starts `(2, count)`, coupling matrices `(count, 2, 2)`, payoff tensors `(count, 2, 2, 2)`."""

    starts: np.ndarray
    couplings: np.ndarray
    tensors: np.ndarray

    @classmethod
    def random(cls, count: int) -> "Problem":
        """N(0, 1) starts in the box, couplings in [0, 1], payoffs near the dilemma's."""
        random = np.random.default_rng(0)
        starts = np.clip(random.normal(size=(2, count)), -BOUND, BOUND)
        couplings = random.uniform(size=(count, 2, 2)) * (1 - np.eye(2))
        tensors = dilemma() + 0.1 * random.normal(size=(count, 2, 2, 2))
        return cls(starts, couplings, tensors)

    @property
    def count(self) -> int:
        return self.starts.shape[1]


def dilemma() -> np.ndarray:
    """The prisoner's dilemma, shape `(players, *actions)`; action 0 cooperates."""
    return np.array([[[R, S], [T, P]], [[R, T], [S, P]]])


def learn(case: str, problem: Problem, members: slice, steps: int) -> np.ndarray:
    """Where some trajectories end, shape `(2, count)`.

    The functions below keep u = θ/2 of player 1, then of player 2, in one flat array: then
    h = tanh(u_1 + κ u_2) gives p = (1 + h)/2 and p (1 - p) = (1 - h²)/4 with one ufunc instead of
    exp, add and divide. Ufuncs that pair a player with the other one work on halves, which is
    faster than on reversed views. `weight[j]` is what u_j weighs in the other player's logit.
    """
    starts = problem.starts[:, members]
    if case == "payoffs":
        return _learn_payoffs(starts, np.array(COUPLING), problem.tensors[members], steps)
    if case == "shared":
        return _learn_dilemma(starts, np.array(COUPLING), steps)
    couplings = problem.couplings[members]
    return _learn_dilemma(starts, np.append(couplings[:, 1, 0], couplings[:, 0, 1]), steps)


def _learn_dilemma(starts: np.ndarray, weight: np.ndarray, steps: int) -> np.ndarray:
    """One symmetric game: Δu_1 = C³ [(h_2 + a)(1 - h_1²) + weight_1 (h_1 + b)(1 - h_2²)]."""
    curvature = R - S - T + P
    root = np.cbrt(STEP_SIZE * curvature / 16)  # C h instead of h saves a multiplication by C³
    scale, square = np.array(root), np.array(root**2)
    own, read = (np.array(root * (1 + 2 * x / curvature)) for x in (S - P, T - P))
    low, high = np.array(-BOUND / 2), np.array(BOUND / 2)
    u = starts.ravel() / 2
    h, v, w = (np.empty_like(u) for _ in range(3))
    (u1, u2), (h1, h2), (v1, v2), (w1, w2) = (np.split(x, 2) for x in (u, h, v, w))
    for _ in range(steps):
        np.multiply(u, weight, w)
        np.add(u1, w2, h1)
        np.add(u2, w1, h2)
        np.tanh(h, h)
        np.multiply(h, scale, h)
        np.multiply(h, h, v)
        np.subtract(square, v, v)
        np.add(h, own, w)
        np.multiply(w1, v2, w1)
        np.multiply(w2, v1, w2)
        np.add(h, read, h)
        np.multiply(h, weight, h)
        np.multiply(h1, v2, h1)
        np.multiply(h2, v1, h2)
        np.add(u, h, u)
        np.add(u1, w2, u1)
        np.add(u2, w1, u2)
        u.clip(low, high, out=u)
    return 2 * u.reshape(2, -1)


def _learn_payoffs(
    starts: np.ndarray, weight: np.ndarray, tensors: np.ndarray, steps: int
) -> np.ndarray:
    """Games of their own: Δu_1 = (a_1 + c_1 h_2)(1 - h_1²) + weight (b_1 + c_1 h_1)(1 - h_2²)."""
    tables = np.stack([tensors[:, 0], tensors[:, 1].transpose(0, 2, 1)])  # [player, :, own, other]
    reward, sucker, temptation, punishment = (
        tables[..., own, other] for own, other in ((0, 0), (0, 1), (1, 0), (1, 1))
    )
    curvature = reward - sucker - temptation + punishment
    own = STEP_SIZE / 8 * (sucker - punishment + curvature / 2)
    read = (weight * STEP_SIZE / 8 * (temptation - punishment + curvature / 2)).ravel()
    read_slope = (weight * STEP_SIZE / 16 * curvature).ravel()
    own, own_slope = own[::-1].ravel(), (STEP_SIZE / 16 * curvature)[::-1].ravel()
    low, high, one = np.array(-BOUND / 2), np.array(BOUND / 2), np.array(1.0)
    u = starts.ravel() / 2
    h, v, w = (np.empty_like(u) for _ in range(3))
    (u1, u2), (h1, h2), (v1, v2), (w1, w2) = (np.split(x, 2) for x in (u, h, v, w))
    for _ in range(steps):
        np.multiply(u, weight, w)
        np.add(u1, w2, h1)
        np.add(u2, w1, h2)
        np.tanh(h, h)
        np.multiply(h, h, v)
        np.subtract(one, v, v)
        np.multiply(h, own_slope, w)
        np.add(w, own, w)
        np.multiply(w1, v2, w1)
        np.multiply(w2, v1, w2)
        np.multiply(h, read_slope, h)
        np.add(h, read, h)
        np.multiply(h1, v2, h1)
        np.multiply(h2, v1, h2)
        np.add(u, h, u)
        np.add(u1, w2, u1)
        np.add(u2, w1, u2)
        u.clip(low, high, out=u)
    return 2 * u.reshape(2, -1)


class Team:
    """One process per core; each takes the next chunk until none is left.

    A process gets the inputs when it starts and writes results to shared memory, so that a run
    moves nothing but a few numbers. `memory` is the sum of the processes' peaks in MiB.
    """

    def __init__(self, problem: Problem):
        # NumPy reads these when the new processes import it; here it is imported already.
        os.environ.update({f"{x}_NUM_THREADS": "1" for x in ("OMP", "OPENBLAS", "MKL")})
        context = multiprocessing.get_context("spawn")  # a fork would be unsafe beside JAX
        shared = context.RawArray("d", 2 * problem.count)
        self.memory = 0.0
        self._ends = np.frombuffer(shared).reshape(2, -1)
        self._next = context.Value("l", 0)
        self._pipes = []
        for _ in range(PROCESSES):
            pipe, end = context.Pipe()
            arguments = (problem, shared, self._next, end)
            context.Process(target=_work, args=arguments, daemon=True).start()
            self._pipes.append(pipe)
        self._answers()

    def run(self, case: str, steps: int, chunk_size: int) -> tuple[np.ndarray, float]:
        """Where all trajectories end, and the CPU seconds of all processes."""
        rounds = math.ceil(self._ends.shape[1] / (PROCESSES * chunk_size))
        self._next.value = 0
        for pipe in self._pipes:
            pipe.send((case, steps, math.ceil(self._ends.shape[1] / (PROCESSES * rounds))))
        return self._ends, self._answers()

    def best_chunk_size(self, case: str) -> int:
        """The fastest of `CHUNK_SIZES` by CPU time, which other programs hardly disturb."""

        def seconds(size: int) -> float:
            return min(self.run(case, CALIBRATION_STEPS, size)[1] for _ in range(5))

        return min(CHUNK_SIZES, key=seconds)

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.send(None)

    def _answers(self) -> float:
        seconds, peaks = zip(*(pipe.recv() for pipe in self._pipes), strict=True)
        self.memory = sum(peaks)
        return sum(seconds)


def _work(problem: Problem, shared: Any, next_start: Any, pipe: Any) -> None:
    ends = np.frombuffer(shared).reshape(2, -1)
    pipe.send((0.0, peak_memory()))
    while (task := pipe.recv()) is not None:
        case, steps, size = task
        began = time.process_time()
        while (start := _taken(next_start, size)) < problem.count:
            members = slice(start, start + size)
            ends[:, members] = learn(case, problem, members, steps)
        pipe.send((time.process_time() - began, peak_memory()))


def _taken(next_start: Any, size: int) -> int:
    with next_start.get_lock():
        next_start.value += size
        return next_start.value - size


def peak_memory() -> float:
    """Peak resident memory of this process so far, in MiB."""
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
