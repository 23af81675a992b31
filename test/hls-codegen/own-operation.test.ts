import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { exportHls, registerEmitter } from '../../src/hls-codegen/index.js';
import type { Emitter } from '../../src/hls-codegen/index.js';
import { buildGraph, elementCount, registerOperation, smallestFormat } from '../../src/qfx/index.js';
import type { Graph, Operation } from '../../src/qfx/index.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { compileAndRun, temporaryFolder } from './support/project.js';
import { type } from './support/small-graphs.js';

/** max(x, -x) of one signed type, as a package of a user's would bring it along. */
const absolute: Operation<Record<string, never>> = {
  name: 'absolute',
  attributes: z.strictObject({}),
  inputCount: { minimum: 1, maximum: 1 },
  constants: {},
  infer({ inputs: [{ shape, format }] }) {
    const wordLength = Number(format.wordLength);
    return { shape, exactType: smallestFormat(0n, 1n << BigInt(wordLength - 1), Number(format.binaryPoint)) };
  },
  prepare: () => (inputs) => (inputs[0] as Float64Array).map(Math.abs),
  multiplications: () => 0,
};

const emitter: Emitter = {
  name: 'absolute',
  emit: ({ shape, exactType }) => ({
    header: 'mine/absolute.h',
    function: 'mine::absolute',
    streams: 'inputs-first',
    types: [{ name: 'exact_t', format: exactType }],
    integers: [{ values: elementCount(shape) }],
    tables: [],
  }),
  headers: {
    'mine/absolute.h': `#ifndef MINE_ABSOLUTE_H
#define MINE_ABSOLUTE_H

#include "qfx/raw.h"
#include "qfx/vector.h"

namespace mine {

template <class Config>
void absolute(hls::stream<qfx::vector<typename Config::input_t, Config::input_lanes>>& input,
              hls::stream<qfx::vector<typename Config::output_t, Config::output_lanes>>& output) {
  static_assert(Config::input_lanes == Config::output_lanes, "lanes");
  for (int word = 0; word < Config::values / Config::input_lanes; ++word) {
    const qfx::vector<typename Config::input_t, Config::input_lanes> taken = input.read();
    qfx::vector<typename Config::output_t, Config::output_lanes> result;
    for (int lane = 0; lane < Config::input_lanes; ++lane) {
      const typename Config::exact_t exact = qfx::from_raw<typename Config::exact_t>(
          qfx::to_raw(taken[lane]) < 0 ? -qfx::to_raw(taken[lane]) : qfx::to_raw(taken[lane]));
      result[lane] = exact;
    }
    output.write(result);
  }
}

}  // namespace mine

#endif
`,
  },
};

function graphOf(operation: string): Graph {
  return buildGraph({
    name: 'own',
    nodes: [
      { name: 'image', operation: 'input', inputs: [], attributes: { shape: [2, 2, 4] }, outputType: type(true, 6, 2) },
      { name: 'abs', operation, inputs: ['image'], outputType: type(false, 4, 1) },
    ],
    outputs: ['abs'],
  });
}

it("exports an operation of a user's own once it has an emitter", async (context) => {
  registerOperation(absolute as Operation);
  const folder = join(await temporaryFolder(), 'project');
  const known = /layer "abs": no HLS export for operation "absolute", known: dense, conv2d, .*argmax/;
  await expect(exportHls(graphOf('absolute'), { out: folder })).rejects.toThrow(known);
  registerEmitter(emitter);
  expect(() => registerEmitter(emitter)).toThrow(/emitter "absolute": there is already one/);
  await exportHls(graphOf('absolute'), { out: folder });
  const printed = await compileAndRun(folder, { compiler: requireOracle(context, findCompiler()) });
  expect(printed).toContain(' 0 mismatches');
});
