// What fails: retries over the real way, time-outs, a full or slow function, dead letters.
import { expect, it } from 'vitest';
import { KafkaSinkTarget } from '../../eventing/sink-target.ts';
import { VirtualClock } from '../../kafka-source/testing/virtual-clock.ts';
import { Valve, type Lab } from '../testing/lab.ts';
import { eventually } from '../testing/log-harness.ts';

export function describeFailing(lab: () => Lab): void {
  it('[retry.reset] tries again when the connection breaks', async () => {
    const topic = await lab().newTopic();
    lab().answer = () => {
      // The third attempt is answered; the others meet a function that is gone in mid-answer.
      return lab().got.length < 3 ? { status: 200, headers: { 'content-length': '-1' } } : 204;
    };
    await lab().publish(topic, 1);
    const { outcomes, attempts } = await lab().start(topic);
    await eventually(() => expect(outcomes).toEqual(['delivered']));
    expect(attempts.map((each) => each.status)).toEqual([null, null, 204]);
  });

  it('[retry.defaults] waits 0.6 s to 307.2 s when delivery is absent, then it is lost', async () => {
    const topic = await lab().newTopic();
    const clock = new VirtualClock({ skips: true });
    lab().answer = () => 500;
    await lab().publish(topic, 1);
    const source = lab().source(topic, { delivery: undefined });
    const { readDeliveryPolicy } = await import('../../kafka-source/delivery-policy.ts');
    const policy = readDeliveryPolicy(source.delivery);
    const { outcomes } = await lab().start(topic, { deps: { clock, policy } });
    await eventually(() => expect(outcomes).toEqual(['lost']));
    expect(clock.waits).toEqual(Array.from({ length: 10 }, (_, n) => 600 * 2 ** n));
    expect(lab().got).toHaveLength(11);
  });

  it('[timeout.attempt] ends an attempt after `timeout` and tries again', async () => {
    const topic = await lab().newTopic();
    const clock = new VirtualClock();
    const valve = new Valve();
    lab().answer = async () => {
      if (lab().got.length === 1) await valve.pass();
      return 204;
    };
    await lab().publish(topic, 1);
    const delivery = { retry: 1, backoffDelay: 'PT1S', timeout: 'PT7S' };
    const { outcomes, attempts } = await lab().start(topic, { delivery, deps: { clock } });
    await eventually(() => expect(valve.held).toBe(1));
    clock.advance(4_999);
    expect(attempts).toEqual([]);
    clock.advance(2_001);
    await eventually(() => expect(clock.waits).toEqual([2_000]));
    expect(attempts[0]).toMatchObject({ status: null, error: 'no answer within 7000 ms' });
    clock.advance(2_000);
    await eventually(() => expect(outcomes).toEqual(['delivered']));
    valve.open();
  });

  it('[timeout.default] waits 600 s for an answer unless `timeout` says otherwise', async () => {
    const topic = await lab().newTopic();
    const clock = new VirtualClock();
    const valve = new Valve();
    lab().answer = async () => {
      await valve.pass();
      return 204;
    };
    await lab().publish(topic, 1);
    const service = { timeoutMs: 900_000 };
    const { outcomes, attempts } = await lab().start(topic, {
      ...{ service, delivery: { retry: 0 }, deps: { clock } },
    });
    await eventually(() => expect(valve.held).toBe(1));
    expect(clock.pending()).toContain(600_000);
    clock.advance(600_000);
    await eventually(() => expect(outcomes).toEqual(['lost']));
    expect(attempts[0]?.error).toBe('no answer within 600000 ms');
    valve.open();
  });

  it('[serving.timeout] gets 504 from a function that exceeds timeoutSeconds', async () => {
    const topic = await lab().newTopic();
    const valve = new Valve();
    lab().answer = async () => {
      if (lab().got.length === 1) await valve.pass();
      return 204;
    };
    await lab().publish(topic, 1);
    const { outcomes, attempts } = await lab().start(topic, { service: { timeoutMs: 50 } });
    await eventually(() => expect(outcomes).toEqual(['delivered']));
    expect(attempts[0]).toMatchObject({ status: 504, error: 'timeoutSeconds (0.05) is over' });
    valve.open();
  });

  it('[serving.concurrency] gets 503 beyond containerConcurrency and ten times it', async () => {
    const topic = await lab().newTopic();
    const valve = new Valve();
    let most = 0;
    lab().answer = async () => {
      most = Math.max(most, valve.held + 1);
      await valve.pass();
      return 204;
    };
    await lab().publish(topic, 12);
    const { outcomes, attempts } = await lab().start(topic, {
      service: { containerConcurrency: 1 },
      delivery: { retry: 3, backoffDelay: 'PT0.5S' },
    });
    await eventually(() => expect(attempts.length).toBeGreaterThan(0));
    expect(new Set(attempts.map((each) => each.status))).toEqual(new Set([503]));
    await eventually(() => expect(valve.held).toBe(1));
    valve.open();
    await eventually(() => expect(outcomes).toHaveLength(12));
    expect(most).toBe(1);
    expect(new Set(outcomes)).toEqual(new Set(['delivered']));
  });

  it('[dls.sink] puts a dead letter into the topic of a KafkaSink, keyed as the event says', async () => {
    const topic = await lab().newTopic();
    const letters = await lab().newTopic();
    lab().answer = ({ body }) =>
      body === '0:1' ? { status: 422, headers: { 'Kne-Reason': 'odd' }, body: 'because' } : 204;
    await lab().publish(topic, 3, 0, { key: 'BTC-USD' });
    const deadLetter = new KafkaSinkTarget(lab().bus, 'http://letters', letters);
    const { outcomes } = await lab().start(topic, { deps: { deadLetter } });
    await eventually(() => expect(outcomes).toHaveLength(3));
    expect([...outcomes].sort()).toEqual(['dead-lettered', 'delivered', 'delivered']);
    const found = await lab().read(letters);
    expect(found).toHaveLength(1);
    expect(found[0]?.key).toBe('BTC-USD');
    expect(found[0]?.value.toString()).toBe('0:1');
    expect(found[0]?.headers).toMatchObject({
      ce_type: 'dev.knative.kafka.event',
      ce_knativeerrordest: 'http://settlement.bourse.svc.cluster.local/events',
      ce_knativeerrorcode: '422',
      ce_knativeerrordata: Buffer.from('because').toString('base64'),
      ce_reason: 'odd',
      ce_knativekafkaoffset: '1',
      'content-type': 'application/json',
    });
  });
}
