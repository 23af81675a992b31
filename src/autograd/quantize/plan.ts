import { QfxError } from '../../qfx/errors.js';
import type { Padding } from '../layers/window.js';
import { conversions } from './conversions.js';
import type { Step } from './conversions.js';
import { foldBatchNormalization } from './folding.js';
import type { FloatNetwork, Refusal } from './float-model.js';

/** A layer of the converted network, before it is made. */
export interface PlannedLayer extends Step {
  readonly name: string;
  readonly inputs: readonly string[];
  /** The float layer that it comes from. */
  readonly from: string;
}

/** What became of a float layer. */
export interface LayerConversion {
  readonly layer: string;
  readonly className: string;
  /** Names of the fixed-point layers in its place. */
  readonly became: readonly string[];
  /** Why there are none, or what was done besides. */
  readonly note?: string;
}

/** A converted network, before it is made. Layers come after their inputs. */
export interface Plan {
  readonly input: { readonly name: string; readonly shape: readonly number[] };
  readonly layers: readonly PlannedLayer[];
  readonly output: string;
  readonly conversions: readonly LayerConversion[];
}

/**
 * Plans the fixed-point layers of a float network.
 * @param where what the error says first
 * @throws QfxError naming every layer that cannot be converted
 */
export function planNetwork(network: FloatNetwork, batchNormalization: 'keep' | 'fold', where: string): Plan {
  const refusals: Refusal[] = [...network.refusals];
  const notes = new Map<string, string>();
  const [input, ...others] = network.layers.filter(({ className }) => className === 'InputLayer');
  for (const { name, className } of others)
    refusals.push({ name, className, reason: 'a second input, allowed: one input' });
  const steps = convertAll(network, refusals, notes);
  const cut = cutSoftmax(steps, notes);
  const padded = foldPadding(cut, notes);
  if (refusals.length > 0) throw refuse(where, refusals);
  const { layers, output } = batchNormalization === 'fold' ? foldBatchNormalization(padded, notes) : padded;
  const became = ({ name }: { name: string }) => layers.filter(({ from }) => from === name).map((layer) => layer.name);
  return {
    input: { name: input.name, shape: input.outputShape as readonly number[] },
    layers,
    output,
    conversions: network.layers.map((layer) => ({
      layer: layer.name,
      className: layer.className,
      became: layer === input ? [layer.name] : became(layer),
      ...(notes.has(layer.name) && { note: notes.get(layer.name) }),
    })),
  };
}

/** Layers and the name of the one whose values are the output. */
export interface PlannedLayers {
  readonly layers: readonly PlannedLayer[];
  readonly output: string;
}

function convertAll(network: FloatNetwork, refusals: Refusal[], notes: Map<string, string>): PlannedLayers {
  const planned: PlannedLayer[] = [];
  const taken = new Set(network.layers.map(({ name }) => name));
  /** The planned layer that has a float layer's values. */
  const valueOf = new Map<string, string>();
  for (const layer of network.layers) {
    const { name, className } = layer;
    let inputs = layer.inputs.map((source) => valueOf.get(source) ?? source);
    valueOf.set(name, name);
    if (className === 'InputLayer') continue;
    const steps = Object.hasOwn(conversions, className) ? conversions[className](layer) : unknownClass;
    if (typeof steps === 'string') {
      refusals.push({ name, className, reason: steps });
      continue;
    }
    if (steps.length === 0) {
      valueOf.set(name, inputs[0]);
      notes.set(name, 'dropped: it does nothing in inference');
    }
    for (const [index, step] of steps.entries()) {
      const own = index === 0 ? name : freeName(`${name}_${step.kind}`, taken);
      planned.push({ ...step, name: own, inputs, from: name });
      inputs = [own];
      valueOf.set(name, own);
    }
  }
  return { layers: planned, output: valueOf.get(network.output) ?? network.output };
}

const unknownClass = `allowed classes: ${Object.keys(conversions).join(', ')}`;

/** `wanted`, or with a number where it is taken; taken from now on. */
export function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}_${count}`;
  taken.add(name);
  return name;
}

/** The class with the largest logit is the one with the largest probability, so that the end needs no softmax. */
function cutSoftmax({ layers, output }: PlannedLayers, notes: Map<string, string>): PlannedLayers {
  const last = layers.find(({ name }) => name === output);
  if (last?.kind !== 'softmax') return { layers, output };
  notes.set(last.from, 'its softmax is cut off: the output is logits');
  return { layers: layers.filter((layer) => layer !== last), output: last.inputs[0] };
}

/** Zeros around an image become the padding of the convolutions that read it, where nothing else does. */
function foldPadding({ layers, output }: PlannedLayers, notes: Map<string, string>): PlannedLayers {
  let rest = layers;
  for (const zeros of layers.filter(({ kind }) => kind === 'zeroPadding2d')) {
    const users = rest.filter(({ inputs }) => inputs.includes(zeros.name));
    const areConvolutions = users.every(
      ({ kind, options }) => (kind === 'conv2d' || kind === 'depthwiseConv2d') && options?.padding === 'valid',
    );
    if (users.length === 0 || zeros.name === output || !areConvolutions) continue;
    const padding = zeros.options?.padding as Padding;
    rest = rest
      .filter((layer) => layer !== zeros)
      .map((layer) =>
        users.includes(layer)
          ? { ...layer, inputs: zeros.inputs, options: { ...layer.options, padding: [...padding] } }
          : layer,
      );
    notes.set(zeros.from, `folded into ${users.map(({ name }) => name).join(', ')}`);
  }
  return { layers: rest, output };
}

function refuse(where: string, refusals: readonly Refusal[]): QfxError {
  const lines = refusals.map(({ name, className, reason }) => `\n  - layer "${name}" (${className}): ${reason}`);
  return new QfxError(where, `cannot be converted:${lines.join('')}`);
}
