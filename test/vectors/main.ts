// `npx tsx test/vectors/main.ts`: every vector with all defaults filled in, one JSON a line, for
// an engine in another language that should not have to know them.
import { readVectors } from './read-vectors.ts';

for (const { path, vector, whole } of readVectors()) {
  const { feature, source } = vector;
  console.log(JSON.stringify({ path, feature, source, ...whole }));
}
