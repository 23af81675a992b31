import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exportHls, parseProjectDescription, projectFileName } from '../../src/hls-codegen/index.js';
import type { ProjectDescription } from '../../src/hls-codegen/index.js';
import type { Graph } from '../../src/qfx/graph/graph.js';
import { buildDataflow } from '../../src/qfx/hardware/dataflow.js';
import type { Dataflow } from '../../src/qfx/hardware/dataflow.js';
import type { HardwarePlan } from '../../src/qfx/hardware/plan.js';
import { randomPlan } from '../hls-codegen/support/lanes.js';
import { findCompiler, requireOracle, runProgram } from '../support/oracles.js';
import { NetworkBuilder } from './network-builder.js';
import { pickBySeed } from './pick.js';

/** Every operation, strides, dilations, paddings, forks, a value that is read twice and one that is an output as well. */
function allOperations(): Graph {
  const network = new NetworkBuilder();
  const image = network.input(7, 6, 4);
  const first = network.conv2d(image, 12, { strides: [2, 1], padding: [3, 1, 0, 2] });
  const dilated = network.conv2d(first, 12, { size: [2, 3], dilations: [2, 1] });
  const depthwise = network.conv2d(first, 12, { groups: 12 });
  const sum = network.add(network.relu(dilated), network.batchNormalization(depthwise), first);
  const combined = network.combine(
    'minimum',
    network.combine('maximum', sum, first),
    network.combine('multiply', sum, sum),
  );
  const joined = network.concatenate(
    sum,
    network.prelu(network.leakyRelu(network.conv2d(combined, 6, { size: [1, 1] }))),
    sum,
  );
  const pooled = network.averagePool(network.maxPool(joined, { size: [3, 2], strides: [1, 2] }), { padding: 'same' });
  const spread = network.conv2d(pooled, 6, { size: [1, 1], padding: [1, 1, 2, 2] });
  // Windows that lie left of the image, and pixels behind the last window of a row and of the image.
  const beside = network.conv2d(spread, 6, { size: [1, 1], strides: [1, 4], padding: [0, 0, 1, 0] });
  const classes = network.argmax(network.reshape(spread, 7, 3, 14));
  const binary = network.binaryDense(network.flatten(network.binaryConv2d(spread, 6)), 4);
  const vector = network.concatenate(
    network.globalPool('global-average-pooling2d', sum),
    network.globalPool('global-max-pooling2d', network.combine('subtract', sum, first)),
    network.requantize(network.flatten(network.softmax(network.table(pooled)))),
  );
  const enlarged = network.dense(network.zeroPadding(network.upSampling(pooled, [2, 3]), [1, 0, 2, 1]), 4);
  const stretched = network.conv2dTranspose(network.conv2dTranspose(pooled, 6, [2, 2], 'same'), 4, [2, 3], 'valid');
  return network.build(enlarged, stretched, classes, network.dense(vector, 10), binary, beside, sum);
}

/** Prints what the processes of an emitted project do with their streams, one process after the other. */
async function trace(compiler: string, graph: Graph, plan: HardwarePlan): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'qfx-trace-'));
  try {
    const project = join(folder, 'project');
    await exportHls(graph, { out: project, plan, vectors: 1 });
    const description = parseProjectDescription(
      await readFile(join(project, projectFileName), 'utf8'),
      projectFileName,
    );
    await writeFile(join(folder, 'driver.cpp'), driver(description));
    const { includeFolders, simulationFolder } = description.files;
    const include = [
      fileURLToPath(new URL('tracing', import.meta.url)),
      ...[...includeFolders, simulationFolder, '.'].map((path) => join(project, path)),
    ].flatMap((path) => ['-I', path]);
    const driverFile = join(folder, 'driver.cpp');
    await runProgram(compiler, ['-std=c++14', '-O0', '-w', ...include, driverFile, '-o', join(folder, 'driver')]);
    return (await runProgram(join(folder, 'driver'), [])).trimEnd().split('\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One translation unit with the whole design, which compiles faster than many. */
function driver({ top, files, input, outputs }: ProjectDescription): string {
  return `${files.sources.map((path) => `#include "${path}"`).join('\n')}
int main() {
  hls::stream<data_in_axis_t> data_in;
  ${outputs.map(({ port }) => `hls::stream<${port}_axis_t> ${port};`).join('\n  ')}
  for (int word = 0; word < ${input.wordsPerImage}; ++word) data_in.write(data_in_axis_t());
  ${top}(data_in, ${outputs.map(({ port }) => port).join(', ')});
}
`;
}

/** The same lines for a dataflow of ours; every stream gets the name that the trace gives it when it is first met. */
function expectSameTrace({ processes }: Dataflow, lines: readonly string[]): void {
  const names = new Map<number, string>();
  const sinks = processes.filter(({ outputs }) => outputs.length === 0);
  let position = 0;
  for (const { name, actions, inputs, outputs } of [...processes.filter((each) => !sinks.includes(each)), ...sinks]) {
    let step = 0;
    for (const action of actions) {
      const [kind, stream] = lines[position++].split(' ');
      const channel = action >= 0 ? inputs[action] : outputs[~action];
      if (!names.has(channel)) names.set(channel, stream);
      expect([kind, stream], `step ${step++} of ${name}`).toEqual([action >= 0 ? 'r' : 'w', names.get(channel)]);
    }
  }
  expect(position).toBe(lines.length);
  expect(new Set(names.values()).size).toBe(names.size);
}

describe('the order in which layers read and write', () => {
  it.for([1, 2])('is that of the C++, for any lanes (seed %i)', async (seed, context) => {
    const compiler = requireOracle(context, findCompiler());
    const graph = allOperations();
    const plan = randomPlan(graph, pickBySeed(seed));
    expectSameTrace(
      buildDataflow(graph, (node) => plan.layers[node]),
      await trace(compiler, graph, plan),
    );
  });
});
