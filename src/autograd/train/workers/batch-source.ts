import type { ImagePart } from '../../../data/data-set.js';
import { Thread } from '../../../threads/thread.js';
import { BatchMaker } from './batch-maker.js';
import type { BatchSetup } from './batch-maker.js';

/** The batches of a run, one step after the other: made by the thread that asks, or ahead of it by one that does nothing else. */
export class BatchSource {
  private readonly maker: BatchMaker;
  private thread: Thread<number, number> | undefined;
  /** Steps whose batches the thread makes or has made. */
  private readonly asked = new Map<number, Promise<number>>();
  /** The last step whose batch is in its place for sure. */
  private made = -1;

  /** @param steps of the whole run */
  constructor(
    private readonly setup: BatchSetup,
    private readonly steps: number,
  ) {
    this.maker = new BatchMaker(setup);
  }

  /**
   * Has batches made by a thread from now on. Again: does nothing.
   * @param share puts images where every thread sees them
   */
  start(share: (images: ImagePart) => ImagePart): void {
    this.thread ??= new Thread('thread of batches', new URL('./batch-thread.js', import.meta.url), {
      workerData: { ...this.setup, images: share(this.setup.images) } satisfies BatchSetup,
    });
  }

  /**
   * Waits until the batch of a step is in its place.
   * @throws QfxError when the thread has failed
   */
  async ready(step: number): Promise<void> {
    if (this.made === step) return;
    const asked = this.asked.get(step);
    this.asked.delete(step);
    if (asked === undefined) this.maker.make(step);
    else await asked;
    this.made = step;
  }

  /** Lets the thread, if there is one, make the batch of a step. It takes the place of the one two steps before. */
  prepare(step: number): void {
    if (this.thread === undefined || step >= this.steps || this.asked.has(step)) return;
    const reply = this.thread.ask(step);
    reply.catch(() => {}); // whoever needs the batch hears of it
    this.asked.set(step, reply);
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.thread?.end();
  }
}
