/** The part of `length` things that is a shard's: shards are consecutive, and differ by one thing where they must. */
export function shardRange(length: number, shards: number, shard: number): { start: number; end: number } {
  const border = (index: number) => Math.floor((index * length) / shards);
  return { start: border(shard), end: border(shard + 1) };
}
