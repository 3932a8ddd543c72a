// Reads a kustomize folder: the files that its kustomization names, in that order.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import {
  listAt,
  ManifestError,
  manifestDocument,
  textAt,
  type ManifestDocument,
  type ManifestProblem,
} from './document.ts';

/** Reads every manifest of a folder. Throws ManifestError when one cannot be read at all. */
export function loadManifests(dir: string): ManifestDocument[] {
  const kustomization = readDocuments(dir, 'kustomization.yaml')[0];
  const files = listAt(kustomization?.body, ['resources']);
  if (files.length === 0) throw failure('kustomization.yaml', 'names no resources');
  const namespace = textAt(kustomization?.body, ['namespace']);
  const documents: ManifestDocument[] = [];
  for (const file of files) {
    if (typeof file !== 'string') throw failure('kustomization.yaml', 'a resource is no file name');
    for (const document of readDocuments(dir, file)) {
      documents.push(namespace === undefined ? document : { ...document, namespace });
    }
  }
  return documents;
}

function readDocuments(dir: string, file: string): ManifestDocument[] {
  let text: string;
  try {
    text = readFileSync(join(dir, file), 'utf8');
  } catch (cause) {
    throw Object.assign(failure(file, `cannot be read in ${basename(dir)}`), { cause });
  }
  return parseManifests(file, text);
}

/** Parses the text of one manifest file. Throws ManifestError on a syntax error. */
export function parseManifests(file: string, text: string): ManifestDocument[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines });
  if (!Array.isArray(parsed)) return [];
  const problems: ManifestProblem[] = parsed.flatMap((document) =>
    document.errors.map((error) => ({
      file,
      line: error.linePos?.[0].line ?? lines.linePos(error.pos[0]).line,
      field: '',
      rule: 'syntax',
      message: error.message.split('\n')[0] ?? 'not YAML',
    })),
  );
  if (problems.length > 0) throw new ManifestError(problems);
  return parsed.flatMap((document) => manifestDocument(file, document, lines) ?? []);
}

function failure(file: string, message: string): ManifestError {
  return new ManifestError([{ file, line: 1, field: '', rule: 'file', message }]);
}
