// Finds the files of vectors and reads them, strictly.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expandVector, type WholeVector } from './expand-vector.ts';
import { vectorSchema, type Vector } from './vector-format.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

export interface VectorFile {
  /** Its path below this folder. */
  readonly path: string;
  /** The file's name without folder and ending. */
  readonly id: string;
  readonly vector: Vector;
  readonly whole: WholeVector;
}

/** Throws, naming the file, when one does not follow the format. */
export function readVectors(): VectorFile[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map(readVector);
}

function readVector(path: string): VectorFile {
  try {
    const vector = vectorSchema.parse(JSON.parse(readFileSync(join(FOLDER, path), 'utf8')));
    return { path, id: basename(path, '.json'), vector, whole: expandVector(vector) };
  } catch (cause) {
    throw new Error(`test/vectors/${path} does not follow the format`, { cause });
  }
}
