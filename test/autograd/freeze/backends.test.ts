import { expect, it } from 'vitest';
import { freeze, initializeBackend } from '../../../src/autograd/index.js';
import { testedBackend } from '../../support/backend.js';
import { byteImages, residualNetwork } from './networks.js';

it('freezes the same weights into the same graph on every backend', async () => {
  const graphs = [];
  for (const backend of ['cpu', testedBackend] as const) {
    await initializeBackend(backend);
    graphs.push(freeze(residualNetwork(), { samples: byteImages(64, [6, 6, 2]) }));
  }
  expect(graphs[1]).toEqual(graphs[0]);
});
