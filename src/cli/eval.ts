import type { Command } from './command.js';
import { openGraph } from './graph-file.js';
import { classOutput, loadTestImages, predictedClass, testImageOptions } from './test-images.js';
import type { TestImageOptions } from './test-images.js';
import { count, percent } from './format.js';

interface Options extends TestImageOptions {
  graph: string;
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
      .options(testImageOptions),
  async run({ graph: fileName, data, dataSet }, context) {
    const network = await openGraph(fileName);
    const output = classOutput(network.graph);
    const images = await loadTestImages(network.graph, { data, dataSet });
    const started = performance.now();
    const progress = context.progress('integer executor', images.count);
    let correct = 0;
    for (let index = 0; index < images.count; index++) {
      const { outputs } = network.run(images.image(index), { layers: false });
      if (predictedClass(outputs[output]) === images.label(index)) correct++;
      if (index % 50 === 0) {
        progress.update(index, `accuracy ${(correct / (index + 1)).toFixed(4)}`);
        await new Promise((resolve) => setImmediate(resolve)); // lets Ctrl-C through
        context.signal.throwIfAborted();
      }
    }
    const accuracy = correct / images.count;
    const seconds = (performance.now() - started) / 1e3;
    return {
      document: { graph: fileName, dataSet: images.name, images: images.count, accuracy, seconds },
      text: `accuracy ${percent(accuracy)} on ${count(images.count)} test images of ${images.name}, from integers, in ${seconds.toFixed(1)} s`,
    };
  },
};
