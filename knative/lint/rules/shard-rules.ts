// Shards: as many engines as the logs have partitions. With fewer, markets would stand still; with
// more, engines would have nothing to read.
import { textAt, valueAt } from '../../manifests/document.ts';
import { isConfigMap, isStatefulSet } from '../../manifests/kinds.ts';
import { fault, type Rule } from '../rule.ts';

const SHARDS_MAP = 'shards';
const REPLICAS_DEFAULT = 1;

const enginePerShard: Rule = ({ documents }) => {
  const map = documents.filter(isConfigMap).find((each) => each.name === SHARDS_MAP);
  if (map === undefined) return [];
  const shards = textAt(map.body, ['data', 'shards']);
  return documents.filter(isStatefulSet).flatMap((document) => {
    const replicas = valueAt(document.body, ['spec', 'replicas']) ?? REPLICAS_DEFAULT;
    if (replicas === Number(shards)) return [];
    const message = `${JSON.stringify(replicas)} engines for ${shards ?? 'no'} shards`;
    return [fault(document, ['spec', 'replicas'], 'shards-and-engines', message)];
  });
};

export const shardRules: readonly Rule[] = [enginePerShard];
