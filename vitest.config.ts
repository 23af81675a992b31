import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const room = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests and examples import QFX by its public names and run on the sources, not on a build.
    alias: [
      { find: /^qfx$/, replacement: room('qfx/index.ts') },
      { find: /^qfx\/autograd$/, replacement: room('autograd/index.ts') },
      { find: /^qfx\/hls$/, replacement: room('hls-codegen/index.ts') },
      { find: /^qfx\/data$/, replacement: room('data/index.ts') },
    ],
  },
  test: {
    // Training and freezing are tested on both backends.
    projects: [
      {
        extends: true,
        test: { name: 'wasm', include: ['test/**/*.test.ts'], exclude: ['test/autograd/native/kernels/**'] },
      },
      {
        extends: true,
        test: {
          name: 'node',
          include: [
            'test/train/train.test.ts',
            'test/autograd/freeze/**/*.test.ts',
            'test/autograd/native/kernels/**/*.test.ts',
          ],
          env: { QFX_TEST_BACKEND: 'node' },
          setupFiles: ['test/support/require-native-backend.ts'],
        },
      },
    ],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
});
