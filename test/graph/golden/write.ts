/** Writes the golden files of the current format version, once: `npx tsx test/graph/golden/write.ts`. */
import { writeFileSync } from 'node:fs';
import { Network, saveGraph } from '../../../src/qfx/index.js';
import { everyOperation, everyOperationInputs } from '../every-operation.js';

const graph = everyOperation();
const { layers } = new Network(graph).run(everyOperationInputs());
const values = Object.entries(layers).map(([name, { raw }]) => [
  name,
  Array.from(raw as ArrayLike<number | bigint>, String),
]);
const at = (name: string) => new URL(name, import.meta.url);
writeFileSync(at('version-1.safetensors'), saveGraph(graph), { flag: 'wx' });
writeFileSync(at('version-1.values.json'), `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`, { flag: 'wx' });
