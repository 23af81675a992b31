import { measureAccuracy } from './accuracy.js';
import { wholeNumberOption } from './command.js';
import type { Command } from './command.js';
import { openGraph } from './graph-file.js';
import { loadTestImages, testImageOptions } from './test-images.js';
import type { TestImageOptions } from './test-images.js';
import { count, percent } from './format.js';

interface Options extends TestImageOptions {
  graph: string;
  workers?: number;
}

/** `qfx eval`: accuracy on the whole test set, from integers. */
export const evaluate: Command<Options> = {
  command: 'eval <graph>',
  describe: 'Measure the accuracy on the whole test set with the integer executor',
  examples: [
    ['$0 eval out/mnist/model.safetensors', 'On the data it was trained on'],
    ['$0 eval model.safetensors --data-set cifar10 --data ~/cifar10', 'On a data set in a folder'],
  ],
  options: (yargs) =>
    yargs
      .positional('graph', { type: 'string', demandOption: true, describe: 'A frozen graph (.safetensors)' })
      .options(testImageOptions)
      .option('workers', wholeNumberOption('workers', 'Threads (default: one a core; for little work, one)')),
  async run({ graph: fileName, data, dataSet, workers }, context) {
    const network = await openGraph(fileName);
    const images = await loadTestImages(network.graph, { data, dataSet });
    if (images.note !== undefined) context.note(images.note);
    const started = performance.now();
    const accuracy = await measureAccuracy(network, images, context, workers);
    const seconds = (performance.now() - started) / 1e3;
    return {
      document: { graph: fileName, dataSet: images.name, images: images.count, accuracy, seconds },
      text: `accuracy ${percent(accuracy)} on ${count(images.count)} test images of ${images.name}, from integers, in ${seconds.toFixed(1)} s`,
    };
  },
};
