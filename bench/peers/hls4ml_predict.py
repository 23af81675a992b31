"""hls4ml's compiled library of the 32x32 CNN of bench/networks.ts, default precision, streaming: images per second of `predict`."""

import contextlib
import os
import sys
import tempfile
import time

import hls4ml
import keras
import numpy
from turns import require, take_turns, versions

require("hls4ml", "1.3.")
layers = keras.layers


def conv(filters):
    return [layers.Conv2D(filters, 3, padding="same"), layers.ReLU()]


model = keras.Sequential(
    [
        layers.Input((32, 32, 3)),
        *conv(16),
        *conv(16),
        layers.MaxPooling2D(2),
        *conv(32),
        layers.MaxPooling2D(2),
        *conv(32),
        layers.Flatten(),
        layers.Dense(10),
    ]
)
images = 10
x = numpy.random.default_rng(1).random((images, 32, 32, 3), dtype=numpy.float32)

with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", default_precision="ap_fixed<16,6>")
    project = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, output_dir=os.path.join(folder, "project"), backend="Vitis", io_type="io_stream"
    )
    project.compile()

    def round_of_images():
        start = time.process_time()
        project.predict(x)
        return {"images/s": images / (time.process_time() - start)}

    take_turns(round_of_images, versions(hls4ml="hls4ml"))
