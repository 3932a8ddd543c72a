// Where a public request goes, with the manifests of base.
import { describe, expect, it } from 'vitest';
import { loadManifests } from '../../manifests/load.ts';
import { readTopology } from '../../manifests/topology.ts';
import { BASE_DIR } from '../../testing/base-manifests.ts';
import { adminTable, publicTable, RouteTable } from './route-table.ts';

const topology = readTopology(loadManifests(BASE_DIR));
const table = publicTable(topology);

describe('the route table', () => {
  it.each([
    ['localhost:8080', '/v1/ordersx'],
    ['localhost:8080', '/v1'],
    ['localhost:8080', '/'],
    ['settlement.bourse.localhost:8080', '/v1/orders'],
    ['nothing.bourse.localhost:8080', '/v1/orders'],
    // C18: the function for staff.
    ['localhost:8080', '/v1/admin'],
    ['localhost:8080', '/v1/admin/sign-in'],
    ['admin.bourse.localhost:8080', '/v1/admin'],
  ])('has nothing for %s %s', (host, path) => {
    expect(table.find(host, path)).toBeNull();
  });

  it.each([
    ['localhost:8080', '/events'],
    ['orders.bourse.localhost:8080', '/events'],
    ['orders.bourse.localhost:8080', '/events/x'],
    ['market-data.bourse.localhost', '/metrics'],
  ])('denies %s %s', (host, path) => {
    expect(table.find(host, path)).toBe('denied');
  });

  it.each([
    ['localhost:8080', '/v1/orders', 'orders'],
    ['127.0.0.1', '/v1/orders/ord_1', 'orders'],
    ['localhost', '/v1/order-lists/lst_1', 'orders'],
    [undefined, '/v1/trades', 'orders'],
    ['localhost', '/v1/markets/BTC-USD/trades', 'market-data'],
    ['localhost', '/v1/assets', 'market-data'],
    ['localhost', '/v1/balances', 'ledger'],
    ['localhost', '/v1/ledger/entries', 'ledger'],
    ['localhost', '/v1/fees', 'fees'],
    ['FEES.bourse.localhost:8080', '/anything', 'fees'],
  ])('sends %s %s to %s', (host, path, service) => {
    expect(table.find(host, path)).toEqual({ service });
  });

  it('prefers an exact path, then the longer prefix', () => {
    const at = (path: string, service: string, match: 'exact' | 'prefix' = 'prefix') => ({
      path,
      service,
      match,
      gateway: 'public',
      namespace: 'bourse',
    });
    const mixed = new RouteTable(
      [at('/v1', 'a'), at('/v1/x', 'b'), at('/v1/x/y', 'c', 'exact')],
      [],
      [],
    );
    const services_ = ['/v1/z', '/v1/x/z', '/v1/x/y', '/v1/x/y/z'].map((path) =>
      mixed.find('localhost', path),
    );
    expect(services_).toEqual(['a', 'b', 'c', 'b'].map((service) => ({ service })));
  });
});

describe('C18 the table of the admin host', () => {
  const admin = adminTable(topology);

  it('sends /v1/admin to the function for staff', () => {
    for (const path of ['/v1/admin', '/v1/admin/sign-in/options']) {
      expect(admin.find('localhost:8082', path)).toEqual({ service: 'admin' });
    }
  });

  it('has nothing else', () => {
    const others = topology.routes.filter(({ gateway }) => gateway !== 'admin');
    for (const path of ['/', '/v1', '/v1/administrators', ...others.map((rule) => rule.path)]) {
      expect(admin.find('localhost:8082', path), path).toBeNull();
    }
    for (const { name } of topology.services) {
      expect(admin.find(`${name}.bourse.localhost:8082`, '/v1/orders'), name).toBeNull();
    }
    expect(admin.find('localhost:8082', '/events')).toBe('denied');
  });
});
