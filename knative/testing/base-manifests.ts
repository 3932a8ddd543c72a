// The manifests of base, for tests that break them in one place.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { listAt, type ManifestDocument } from '../manifests/document.ts';
import { parseManifests } from '../manifests/load.ts';

export const BASE_DIR = fileURLToPath(new URL('../base/', import.meta.url));

/** A change of one file's text: what is there, and what stands there instead. */
export interface Edit {
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
}

/** Parses base with the edits made. Throws when an edit finds nothing: it would test nothing. */
export function editedBase(edits: readonly Edit[]): ManifestDocument[] {
  const kustomization: unknown = parse(readText('kustomization.yaml'));
  const files = listAt(kustomization, ['resources']).map(String);
  return files.flatMap((file) => {
    let text = readText(file);
    for (const edit of edits.filter((each) => each.file === file)) {
      const edited = text.replace(edit.from, edit.to);
      if (edited === text) throw new Error(`nothing to edit in ${file}: ${String(edit.from)}`);
      text = edited;
    }
    return parseManifests(file, text);
  });
}

function readText(file: string): string {
  return readFileSync(join(BASE_DIR, file), 'utf8');
}
