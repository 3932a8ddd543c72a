// What the broker is told.
import { describe, expect, it } from 'vitest';
import { kafkaProperties } from './kafka-properties.ts';

const input = {
  port: 20_001,
  controllerPort: 20_002,
  dataDir: '/data',
  bind: '127.0.0.1',
  listeners: [],
  properties: {},
};

describe('the properties of the broker', () => {
  it('never let a misspelt topic come into being', () => {
    expect(kafkaProperties(input)).toContain('auto.create.topics.enable=false\n');
  });

  it('keep to one plain listener when no other is asked for', () => {
    const text = kafkaProperties(input);
    expect(text).toContain('listeners=PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20002\n');
    expect(text).toContain('advertised.listeners=PLAINTEXT://127.0.0.1:20001\n');
  });

  it('advertise an extra listener where clients can reach it, whatever it binds', () => {
    const secure = { name: 'SASL_SSL', protocol: 'SASL_SSL', port: 20_003 } as const;
    const text = kafkaProperties({ ...input, bind: '0.0.0.0', listeners: [secure] });
    expect(text).toContain('listeners=PLAINTEXT://0.0.0.0:20001,SASL_SSL://0.0.0.0:20003,');
    expect(text).toContain('PLAINTEXT://127.0.0.1:20001,SASL_SSL://127.0.0.1:20003\n');
    expect(text).toContain('PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT\n');
  });

  it('send the clients of a listener through a proxy, and leave the others direct', () => {
    const proxied = {
      name: 'PROXIED',
      protocol: 'PLAINTEXT',
      port: 20_003,
      advertisedPort: 20_009,
    } as const;
    const text = kafkaProperties({ ...input, listeners: [proxied] });
    expect(text).toContain('listeners=PLAINTEXT://127.0.0.1:20001,PROXIED://127.0.0.1:20003,');
    expect(text).toContain('PLAINTEXT://127.0.0.1:20001,PROXIED://127.0.0.1:20009\n');
    expect(text).toContain('inter.broker.listener.name=PLAINTEXT\n');
  });

  it('are overruled by what the caller gives', () => {
    const text = kafkaProperties({ ...input, properties: { 'num.io.threads': '9' } });
    expect(text).toContain('num.io.threads=9\n');
    expect(text.match(/num\.io\.threads/g)).toHaveLength(1);
  });
});
