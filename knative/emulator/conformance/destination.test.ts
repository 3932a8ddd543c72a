// Where `ref` and `uri` lead together.
import { describe, expect, it } from 'vitest';
import { ManifestError } from '../../manifests/document.ts';
import { loadManifests } from '../../manifests/load.ts';
import { readTopology } from '../../manifests/topology.ts';
import { BASE_DIR } from '../../testing/base-manifests.ts';
import { resolveDestination } from '../eventing/destination.ts';

const [source] = readTopology(loadManifests(BASE_DIR)).sources;
if (source === undefined) throw new Error('no source');
const { document } = source;
const ref = { kind: 'Service', name: 'settlement' };

describe('a destination', () => {
  it.each([
    ['http://elsewhere/x', 'an absolute URI'],
    ['//elsewhere/x', 'an absolute URI'],
  ])('[destination.absolute] refuses ref with %s', (uri, why) => {
    expect(() => resolveDestination({ ref, uri }, document)).toThrow(ManifestError);
    expect(() => resolveDestination({ ref, uri }, document)).toThrow(why);
  });

  it('is refused without ref', () => {
    expect(() => resolveDestination({ uri: 'http://x/' }, document)).toThrow('without ref');
  });

  it.each([
    [undefined, 'http://settlement.bourse.svc.cluster.local', '/'],
    ['/events', 'http://settlement.bourse.svc.cluster.local/events', '/events'],
    ['events/x?a=1', 'http://settlement.bourse.svc.cluster.local/events/x?a=1', '/events/x?a=1'],
  ])('[destination.ref-uri] resolves %s against the address of ref', (uri, address, path) => {
    const destination = uri === undefined ? { ref } : { ref, uri };
    expect(resolveDestination(destination, document)).toMatchObject({ address, path });
  });

  it('[destination.namespace] takes the namespace of the source unless ref names one', () => {
    const other = resolveDestination({ ref: { ...ref, namespace: 'other' } }, document);
    expect(other.address).toBe('http://settlement.other.svc.cluster.local');
  });

  it('[destination.kafka-sink] knows the ingress of a KafkaSink', () => {
    const sink = resolveDestination({ ref: { kind: 'KafkaSink', name: 'letters' } }, document);
    expect(sink.address).toBe(
      'http://kafka-sink-ingress.knative-eventing.svc.cluster.local/bourse/letters',
    );
  });
});
