"""da4ml's adders for constant matrices in a JSON file, and the time for one of them: `matrices.json warm`, or `cold`."""

import json
import sys
import time

import numpy
from da4ml.cmvm import solve
from turns import require, take_turns, versions

require("da4ml", "0.6.")
file, start = sys.argv[1:]
with open(file) as opened:
    matrices = [numpy.array(matrix, numpy.float32) for matrix in json.load(opened)]
additions = (0, 1)  # the codes of operations that add or subtract


def round_of_matrices():
    start = time.process_time()
    solutions = [solve(matrix) for matrix in matrices]
    seconds = time.process_time() - start
    adders = sum(op.opcode in additions for pipeline in solutions for stage in pipeline.solutions for op in stage.ops)
    return {"adders": adders / len(matrices), "CPU ms": 1e3 * seconds / len(matrices)}


take_turns(round_of_matrices, versions(da4ml="da4ml"), warm_up=start == "warm")
