// Names: everything has a namespace, nothing is there twice, settings that are named exist.
import { listAt, textAt, valueAt } from '../../manifests/document.ts';
import { isConfigMap, isProcess } from '../../manifests/kinds.ts';
import { fault, type LintProblem, type Rule } from '../rule.ts';

const unique: Rule = ({ documents }) => {
  const seen = new Set<string>();
  return documents.flatMap((document) => {
    const key = [document.apiVersion, document.kind, document.namespace, document.name].join(' ');
    const isRepeat = seen.has(key);
    seen.add(key);
    if (!isRepeat) return [];
    const message = `${document.kind} ${document.name} is there twice`;
    return [fault(document, ['metadata', 'name'], 'name-repeated', message)];
  });
};

const namespaced: Rule = ({ documents }) =>
  documents
    .filter((document) => document.kind !== 'Namespace' && document.namespace === null)
    .map((document) =>
      fault(document, ['metadata'], 'namespace-missing', 'metadata.namespace is not set'),
    );

/** Config maps that an environment adds are not here to be looked into; those of base are. */
const settings: Rule = ({ documents }) => {
  const maps = new Map(documents.filter(isConfigMap).map((map) => [map.name, map]));
  return documents.filter(isProcess).flatMap((document) => {
    const path = ['spec', 'template', 'spec', 'containers', 0, 'env'];
    return listAt(document.body, path).flatMap((variable, at): LintProblem[] => {
      const ref = ['valueFrom', 'configMapKeyRef'];
      const map = maps.get(textAt(variable, [...ref, 'name']) ?? '');
      const key = textAt(variable, [...ref, 'key']) ?? '';
      if (map === undefined || valueAt(map.body, ['data', key]) !== undefined) return [];
      const message = `the config map ${map.name} has no key "${key}"`;
      return [fault(document, [...path, at, ...ref, 'key'], 'setting-missing', message)];
    });
  });
};

export const referenceRules: readonly Rule[] = [unique, namespaced, settings];
