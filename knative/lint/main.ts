// `tsx knative/lint/main.ts [folder]`: checks manifests; exits 1 on any problem.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatProblem, ManifestError } from '../manifests/document.ts';
import { loadManifests } from '../manifests/load.ts';
import { knownTargets } from './known-targets.ts';
import { lintManifests } from './lint.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = process.argv[2] ?? join(ROOT, 'knative', 'base');

if (folder === '--help') {
  console.log('tsx knative/lint/main.ts [folder, default knative/base]');
} else {
  try {
    const documents = loadManifests(folder);
    const problems = lintManifests(documents, knownTargets(ROOT));
    for (const problem of problems) console.log(`${problem.severity}: ${formatProblem(problem)}`);
    console.log(`${documents.length} manifests, ${problems.length} problems`);
    if (problems.length > 0) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    console.log(error.message);
    process.exitCode = 1;
  }
}
