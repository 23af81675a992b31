import { expect, it } from 'vitest';
import { initializeBackend, runningBackend } from '../../../../src/autograd/backend.js';
import { nativeThreads } from '../../../../src/autograd/native/installation.js';

it('the native backend is that of "auto", with the threads that were said', async () => {
  const expected = { name: 'node', threads: nativeThreads() };
  expect(await initializeBackend('auto')).toEqual(expected);
  expect(await initializeBackend('node')).toEqual(expected);
  expect(runningBackend()).toEqual(expected);
});
