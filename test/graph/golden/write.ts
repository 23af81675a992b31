/** Writes the golden files of the current format version that are not there yet: `npx tsx test/graph/golden/write.ts`. */
import { existsSync, writeFileSync } from 'node:fs';
import { Network, saveGraph } from '../../../src/qfx/index.js';
import { goldenGraphs } from './graphs.js';

for (const { name, graph, inputs } of goldenGraphs) {
  const at = (ending: string) => new URL(`${name}.${ending}`, import.meta.url);
  if (existsSync(at('safetensors'))) continue;
  const { layers } = new Network(graph()).run(inputs());
  const values = Object.entries(layers).map(([layer, { raw }]) => [
    layer,
    Array.from(raw as ArrayLike<number | bigint>, String),
  ]);
  writeFileSync(at('safetensors'), saveGraph(graph()), { flag: 'wx' });
  writeFileSync(at('values.json'), `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`, { flag: 'wx' });
}
