// The epoch: a number that rises with every start of a shard's engine and stands in all it writes.
// It is for people and for consumers that fence; safety rests on comparing contents.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from './snapshot/store.ts';

/**
 * Takes the next epoch and makes it durable before anything can be written under it.
 * `seen` are epochs met elsewhere (snapshots, outputs): the file alone could have been restored
 * from an old disk. An unreadable file counts as none for the same reason.
 */
export async function takeEpoch(
  dir: string,
  shard: number,
  seen: readonly number[],
): Promise<number> {
  const file = join(dir, `shard-${shard}.epoch`);
  const epoch = Math.max(0, await readEpoch(file), ...seen) + 1;
  await writeDurably(dir, file, `${epoch}\n`);
  return epoch;
}

async function readEpoch(file: string): Promise<number> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
  return /^[1-9][0-9]{0,14}\n$/.test(text) ? Number(text) : 0;
}
