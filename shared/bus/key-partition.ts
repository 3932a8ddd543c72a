// Which partition a key belongs to: Kafka's own murmur2, so that the embedded log and every Kafka
// client place a key in the same partition.

const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;

/** The partition of a key among `partitions`. */
export function partitionOfKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions;
}

/** 32-bit murmur2 as Kafka's Java client computes it; signed. */
export function murmur2(data: Uint8Array): number {
  const words = data.length >> 2;
  let hash = SEED ^ data.length;
  for (let word = 0; word < words; word++) {
    const at = word << 2;
    let mixed = Math.imul(readWord(data, at), MIX);
    mixed = Math.imul(mixed ^ (mixed >>> 24), MIX);
    hash = Math.imul(hash, MIX) ^ mixed;
  }
  hash = mixTail(hash, data, words << 2);
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return (hash ^ (hash >>> 15)) | 0;
}

function readWord(data: Uint8Array, at: number): number {
  return (
    (data[at] as number) |
    ((data[at + 1] as number) << 8) |
    ((data[at + 2] as number) << 16) |
    ((data[at + 3] as number) << 24)
  );
}

function mixTail(hash: number, data: Uint8Array, from: number): number {
  const left = data.length - from;
  if (left === 0) return hash;
  let tail = 0;
  for (let i = left - 1; i >= 0; i--) tail = (tail << 8) | (data[from + i] as number);
  return Math.imul(hash ^ tail, MIX);
}
