import { layersInOrder } from '../freeze/model.js';
import { isPlaceholder } from '../layers/sources.js';
import { tf } from '../tensorflow.js';

/**
 * The values of all layers of a network on a fixed batch, computed by the inference path. Where one layer changes, only what
 * depends on it is computed again.
 */
export class LayerValues {
  private readonly layers: readonly tf.layers.Layer[];
  private readonly values = new Map<tf.layers.Layer, tf.Tensor>();
  private readonly output: tf.layers.Layer;

  /** @param batch the input, [images, ...shape]; it stays the caller's */
  constructor(
    model: tf.LayersModel,
    private readonly batch: tf.Tensor,
  ) {
    this.layers = layersInOrder(model).filter((layer) => !isPlaceholder(layer));
    this.output = model.outputs[0].sourceLayer;
  }

  /** Computes everything. */
  refresh(): void {
    this.accept(this.compute(new Set(this.layers)));
  }

  /** The values of a layer; good until the next change. */
  of(layer: tf.layers.Layer): tf.Tensor {
    return this.values.get(layer) as tf.Tensor;
  }

  /** The values of the network's output. */
  get outputs(): tf.Tensor {
    return this.of(this.output);
  }

  /**
   * Computes what depends on a layer that has changed.
   * @param isWanted decides by the new output; where it says no, the old values stay
   */
  attempt(changed: tf.layers.Layer, isWanted: (output: tf.Tensor) => boolean): boolean {
    const affected = new Set<tf.layers.Layer>();
    for (const layer of this.layers)
      if (layer === changed || this.sourcesOf(layer).some((source) => affected.has(source))) affected.add(layer);
    const values = this.compute(affected);
    const wanted = isWanted(values.get(this.output) ?? this.outputs);
    if (wanted) this.accept(values);
    else tf.dispose([...values.values()]);
    return wanted;
  }

  dispose(): void {
    tf.dispose([...this.values.values()]);
    this.values.clear();
  }

  private compute(wanted: ReadonlySet<tf.layers.Layer>): Map<tf.layers.Layer, tf.Tensor> {
    const made = new Map<tf.layers.Layer, tf.Tensor>();
    try {
      for (const layer of this.layers.filter((candidate) => wanted.has(candidate))) {
        const inputs = this.sourcesOf(layer).map((source) => made.get(source) ?? this.values.get(source) ?? this.batch);
        const given = inputs.length === 1 ? inputs[0] : inputs;
        made.set(
          layer,
          tf.tidy(() => layer.apply(given, { training: false }) as tf.Tensor),
        );
      }
    } catch (error) {
      tf.dispose([...made.values()]);
      throw error;
    }
    return made;
  }

  private accept(values: ReadonlyMap<tf.layers.Layer, tf.Tensor>): void {
    for (const [layer, value] of values) {
      this.values.get(layer)?.dispose();
      this.values.set(layer, value);
    }
  }

  private sourcesOf(layer: tf.layers.Layer): readonly tf.layers.Layer[] {
    return layer.inboundNodes[0].inboundLayers;
  }
}
