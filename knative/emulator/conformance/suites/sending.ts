// What is sent: method, mode, headers, one request a record; what becomes of the answer.
import { expect, it } from 'vitest';
import type { Lab } from '../testing/lab.ts';
import { eventually } from '../testing/log-harness.ts';

export function describeSending(lab: () => Lab): void {
  it('[send.binary] posts one record a request, in binary mode', async () => {
    const topic = await lab().newTopic();
    await lab().publish(topic, 3);
    const { outcomes } = await lab().start(topic);
    await eventually(() => expect(outcomes).toHaveLength(3));
    expect(lab().bodies().sort()).toEqual(['0:0', '0:1', '0:2']);
    for (const { method, headers } of lab().got) {
      expect(method).toBe('POST');
      expect(headers).toMatchObject({
        'ce-specversion': '1.0',
        'ce-type': 'dev.knative.kafka.event',
        'content-type': 'application/json',
      });
    }
  });

  it('[send.headers] sends Prefer: reply and Kn-Namespace', async () => {
    const topic = await lab().newTopic();
    await lab().publish(topic, 1);
    await lab().start(topic);
    await eventually(() => expect(lab().got).toHaveLength(1));
    expect(lab().got[0]?.headers).toMatchObject({ prefer: 'reply', 'kn-namespace': 'bourse' });
  });

  it('[send.no-content-type] sends none when the record has none', async () => {
    const topic = await lab().newTopic();
    await lab().publish(topic, 1, 0, { headers: {} });
    await lab().start(topic);
    await eventually(() => expect(lab().got).toHaveLength(1));
    expect(lab().got[0]?.headers['content-type']).toBeUndefined();
  });

  it('[send.uri] posts to the path that ref and a relative uri make together', async () => {
    const topic = await lab().newTopic();
    await lab().publish(topic, 1);
    const { sink } = lab().source(topic);
    await lab().start(topic, { source: { sink: { ...sink, uri: '/events/x?y=1' } } });
    await eventually(() => expect(lab().got).toHaveLength(1));
    expect(lab().got[0]?.path).toBe('/events/x?y=1');
    expect(lab().got[0]?.headers.host).toBe('settlement.bourse.svc.cluster.local');
  });

  it('[send.reply-discarded] takes 200, 202 and 204 alike and drops a reply', async () => {
    const topic = await lab().newTopic();
    const statuses = [200, 202, 204];
    lab().answer = () => ({
      status: statuses[lab().got.length - 1] ?? 500,
      headers: { 'ce-specversion': '1.0', 'ce-type': 'reply', 'ce-id': '1', 'ce-source': '/r' },
    });
    await lab().publish(topic, 3);
    const { outcomes } = await lab().start(topic);
    await eventually(() => expect(outcomes).toEqual(['delivered', 'delivered', 'delivered']));
    expect(lab().got).toHaveLength(3);
    expect(await lab().bus.offsets(topic, 0)).toMatchObject({ next: 3 });
  });

  it('[attributes.discarded] discards a record that nothing can be made of', async () => {
    const topic = await lab().newTopic();
    await lab().publish(topic, 1, 0, { headers: {}, value: Buffer.alloc(0) });
    await lab().publish(topic, 1);
    const { consumer, outcomes } = await lab().start(topic);
    await eventually(() => expect(outcomes).toEqual(['discarded', 'delivered']));
    await consumer.stop();
    expect(lab().got).toHaveLength(1);
    expect(await lab().committed(topic)).toEqual(new Map([[0, 2]]));
  });
}
