// Rows of a text file, plain or gzipped, one at a time.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

const GZIP_MAGIC = 0x1f8b;

/** By the first bytes, not by the name: downloads lose their endings. */
export async function isGzipped(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE(0) === GZIP_MAGIC;
  } finally {
    await file.close();
  }
}

/** All rows of the file without blank ones. Throws what the file system says when it cannot. */
export async function readRows(path: string): Promise<string[]> {
  const gzipped = await isGzipped(path);
  const bytes = createReadStream(path);
  const text = gzipped ? bytes.pipe(createGunzip()) : bytes;
  // A broken file must end the loop below, not the process.
  if (gzipped) bytes.on('error', (error) => text.destroy(error));
  const rows: string[] = [];
  for await (const row of createInterface({ input: text, crlfDelay: Infinity })) {
    if (row.trim() !== '') rows.push(row);
  }
  return rows;
}
