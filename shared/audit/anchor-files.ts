// Anchors in a folder, one file each, in a folder a day: the copy that an auditor takes along. On a
// volume that can be written once, not even who has the database can change it.
import { mkdirSync, openSync, closeSync, fsyncSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { anchorSchema, type Anchor } from '../events/audit-anchors.ts';

export interface StoredAnchor {
  readonly file: string;
  /** Null when the file holds none. */
  readonly anchor: Anchor | null;
}

const UNFINISHED = '.part';

/** Durable when it returns; a reader never sees half of it. */
export function writeAnchor(directory: string, anchor: Anchor): string {
  const time = new Date(anchor.atMs).toISOString();
  const day = join(directory, time.slice(0, 10));
  mkdirSync(day, { recursive: true });
  // Two that anchor in one millisecond have files of their own.
  const mark = Buffer.from(anchor.signature, 'base64').toString('hex').slice(0, 8);
  const stem = join(day, `${time.replaceAll(':', '-')}-${mark}`);
  return writeWhole(day, stem, `${JSON.stringify(anchor)}\n`);
}

function writeWhole(day: string, stem: string, text: string): string {
  const handle = openSync(`${stem}${UNFINISHED}`, 'wx', 0o644);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${stem}${UNFINISHED}`, `${stem}.json`);
  const folder = openSync(day, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return `${stem}.json`;
}

/** All anchors of a folder, oldest first. Throws when it cannot be read. */
export function readAnchors(directory: string): StoredAnchor[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ file, anchor: parseAnchor(readFileSync(file, 'utf8')) }));
}

function parseAnchor(text: string): Anchor | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = anchorSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
