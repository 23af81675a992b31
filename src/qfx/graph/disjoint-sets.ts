/** Sets of the integers from 0 on, each on its own at first (union by the smaller root, with path halving). */
export class DisjointSets {
  private readonly parents: Int32Array;

  constructor(count: number) {
    this.parents = Int32Array.from({ length: count }, (_, element) => element);
  }

  /** The smallest element of an element's set. */
  find(element: number): number {
    const { parents } = this;
    let root = element;
    while (parents[root] !== root) {
      parents[root] = parents[parents[root]];
      root = parents[root];
    }
    return root;
  }

  /** Makes one set of the two elements' sets. */
  join(a: number, b: number): void {
    const [rootA, rootB] = [this.find(a), this.find(b)];
    this.parents[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
  }
}
