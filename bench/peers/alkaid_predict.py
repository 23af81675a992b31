"""alkaid's int64 interpreter on 16-64-32-32-5 from HGQ2, weights and activations of 8 bits, on one thread: images per second."""

import time

import keras
import numpy
from alkaid.converter import trace_model
from alkaid.trace import trace
from hgq.config import QuantizerConfigScope
from hgq.layers import QDense
from hgq.utils import trace_minmax
from turns import require, take_turns, versions

require("alkaid", "0.8.")
keras.utils.set_random_seed(1)
with (
    QuantizerConfigScope(place="all", default_q_type="kbi", overflow_mode="SAT_SYM", b0=8),
    QuantizerConfigScope(place="datalane", default_q_type="kif", overflow_mode="WRAP", f0=8),
):
    hidden = [QDense(units, activation="relu") for units in (64, 32, 32)]
    model = keras.Sequential([keras.layers.Input((16,)), *hidden, QDense(5)])
images = 20_000
x = numpy.random.default_rng(1).random((images, 16), dtype=numpy.float32)
trace_minmax(model, x)
program = trace(*trace_model(model))


def round_of_images():
    start = time.process_time()
    program.predict(x, n_threads=1)
    return {"images/s": images / (time.process_time() - start)}


take_turns(round_of_images, versions(alkaid="alkaid"))
