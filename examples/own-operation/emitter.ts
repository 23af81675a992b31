import { readFileSync } from 'node:fs';
import { elementCount } from 'qfx';
import { registerEmitter } from 'qfx/hls';
import { absolute } from './operation.js';

registerEmitter({
  name: absolute.name,
  emit: ({ shape, exactType }) => ({
    header: 'example/absolute.h',
    function: 'example::absolute',
    streams: 'inputs-first',
    types: [{ name: 'exact_t', format: exactType }],
    integers: [{ values: elementCount(shape) }],
    tables: [],
  }),
  headers: { 'example/absolute.h': readFileSync(new URL('absolute.h', import.meta.url), 'utf8') },
});
