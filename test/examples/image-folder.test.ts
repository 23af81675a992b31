import { readFile } from 'node:fs/promises';
import { encode as encodePng } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/autograd/train/random.js';
import { expectRefusal, Terminal } from '../cli/support.js';

const classes = ['lying', 'square', 'upright'];
const description = await readFile('examples/image-folder/network.ts', 'utf8');

/** A picture that no data set has: a bright bar or square on a dark noisy ground, in sizes and formats as they come. */
function picture(kind: number, key: number): { data: Uint8Array; end: string } {
  const random = randomStream(1000 * kind + key);
  const [height, width] = [36 + random.below(20), 36 + random.below(20)];
  const [y, x] = [height / 2 + random.below(5) - 2, width / 2 + random.below(5) - 2];
  const [reachY, reachX] = [kind === 0 ? 3 : 12, kind === 2 ? 3 : 12];
  const rgb = Uint8Array.from({ length: height * width * 3 }, (_, index) => {
    const [row, column] = [Math.floor(index / 3 / width), Math.floor(index / 3) % width];
    const isBright = Math.abs(row - y) < reachY && Math.abs(column - x) < reachX;
    return random.below(60) + (isBright ? 180 : 0);
  });
  if (key % 2 === 0) return { data: encodePng({ height, width, channels: 3, data: rgb }), end: 'png' };
  const data = Uint8Array.from({ length: height * width * 4 }, (_, index) =>
    index % 4 === 3 ? 255 : rgb[3 * (index >> 2) + (index % 4)],
  );
  return { data: encodeJpeg({ height, width, data }, 90).data, end: key % 3 === 0 ? 'JPG' : 'jpg' };
}

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.write('project/network.ts', description);
  for (let index = 0; index < 50; index++)
    for (const [kind, name] of classes.entries()) {
      const { data, end } = picture(kind, index);
      await terminal.write(`project/photos/${name}/${index}.${end}`, data);
      await terminal.write(`parts/${index < 40 ? 'train' : 'test'}/${name}/${index}.${end}`, data);
    }
}, 60_000);
afterAll(() => terminal.close());

describe('the example of a folder of images', () => {
  it('trains on images that nobody has seen, exports and simulates', { timeout: 300_000 }, async () => {
    const cwd = terminal.place('project');
    const trained = await terminal.document(['train', 'network.ts', '--epochs', '12', '--workers', '2'], { cwd });
    const { accuracy, images } = trained as { accuracy: { trained: number }; images: number };
    expect(images).toBe(30);
    expect(accuracy.trained).toBeGreaterThan(0.9);
    const graph = 'out/image-folder/model.safetensors';
    expect(await terminal.document(['eval', graph], { cwd })).toMatchObject({ accuracy: accuracy.trained, images });
    await terminal.document(['export-hls', graph, '--out', 'hls'], { cwd });
    const simulated = await terminal.document(['csim', 'hls', '--data', 'photos'], { cwd });
    expect(simulated).toMatchObject({ accuracy: accuracy.trained, images, mismatches: 0 });
    const { provenance } = (await terminal.document(['inspect', graph], { cwd })) as { provenance: { data: unknown } };
    expect(provenance.data).toMatchObject({ name: 'photos', source: { loader: 'imageFolder', options: { classes } } });
  });

  it('takes another folder, with parts', { timeout: 120_000 }, async () => {
    const args = ['train', 'project/network.ts', '--data', 'parts', '--epochs', '1', '--workers', '1'];
    expect(await terminal.document(args)).toMatchObject({ images: 30, steps: 3 });
  });

  it('names the file that cannot be read, from whatever folder', async () => {
    await terminal.write('broken/cat/1.png', 'no image');
    await terminal.write('broken/dog/1.png', 'no image');
    const refused = await terminal.qfx(['train', 'project/network.ts', '--data', 'broken', '--out', 'elsewhere']);
    expectRefusal(refused, 1, /broken\/\w+\/1\.png: is neither a PNG nor a JPEG file/);
  });
});
