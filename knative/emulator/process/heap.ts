// Room for the heap of a process from the memory that its manifest requests. V8 begins with little
// and collects the whole heap each time that is full: some 40 MB are marked with all cores, and
// everything else waits for 0.1 s. What was requested may be used.
import { textAt, type FieldPath, type ManifestDocument } from '../../manifests/document.ts';

const REQUEST: FieldPath = [
  ...['spec', 'template', 'spec', 'containers', 0],
  ...['resources', 'requests', 'memory'],
];
/** Of the request. Live growth, code, buffers and V8 itself have what is left. */
const OLD_SHARE = 3 / 8;
/** Of the request, for each of the three that V8 keeps. */
const SEMI_SPACE_SHARE = 1 / 16;
/** For a process without a request. */
const MEBIBYTES_DEFAULT = 256;

/** Flags of Node. Not all of them are allowed in NODE_OPTIONS. */
export function heapFlagsOf(document: ManifestDocument): string[] {
  const mebibytes = mebibytesOf(document) ?? MEBIBYTES_DEFAULT;
  const semiSpace = Math.floor(mebibytes * SEMI_SPACE_SHARE);
  return [
    `--initial-old-space-size=${Math.floor(mebibytes * OLD_SHARE)}`,
    `--min-semi-space-size=${semiSpace}`,
    `--max-semi-space-size=${semiSpace}`,
  ];
}

function mebibytesOf(document: ManifestDocument): number | null {
  const request = textAt(document.body, REQUEST) ?? '';
  const [, number, unit] = /^([1-9][0-9]*)(Mi|Gi)$/.exec(request) ?? [];
  if (number === undefined) return null;
  return Number(number) * (unit === 'Gi' ? 1_024 : 1);
}
