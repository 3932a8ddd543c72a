// Reads the manifests, checked by the linter: what the cluster would refuse does not run here.
import { knownTargets } from '../lint/known-targets.ts';
import { lintManifests } from '../lint/lint.ts';
import { formatProblem, ManifestError } from '../manifests/document.ts';
import { isCronJob } from '../manifests/kinds.ts';
import { loadManifests } from '../manifests/load.ts';
import { readTopology, type ServiceTopology, type Topology } from '../manifests/topology.ts';
import { FlagError } from './flags.ts';
import type { Notices } from './notices.ts';

/** Throws ManifestError with every error; warnings are only said. */
export function readCheckedTopology(root: string, dir: string, notices: Notices): Topology {
  const documents = loadManifests(dir);
  const problems = lintManifests(documents, knownTargets(root));
  const errors = problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) throw new ManifestError(errors);
  for (const problem of problems) notices.say('warn', 'manifests', formatProblem(problem));
  for (const { name } of documents.filter(isCronJob)) {
    const message = `the CronJob ${name} does not run here: run its command by hand`;
    notices.say('info', 'manifests', message);
  }
  return readTopology(documents);
}

/** The same exchange spread over another number of engines, as an overlay would. */
export function withShards(topology: Topology, shards: number): Topology {
  const { engine, configMaps } = topology;
  return {
    ...topology,
    engine: engine === null ? null : { ...engine, replicas: shards },
    configMaps: new Map([...configMaps, ['shards', { shards: String(shards) }]]),
  };
}

/** The functions that `--only` names. Throws FlagError for a name that is none. */
export function selectServices(
  topology: Topology,
  only: readonly string[] | null,
): readonly ServiceTopology[] {
  if (only === null) return topology.services;
  const known = topology.services.map((service) => service.name);
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new FlagError(`--only ${unknown.join(',')}: unknown; there are ${known.join(', ')}`);
  }
  return topology.services.filter((service) => only.includes(service.name));
}
