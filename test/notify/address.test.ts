import assert from 'node:assert/strict';
import { allowAddress, hostPattern } from '../../src/notify/address.ts';

const allowed = ['hooks.example.com', '*.corp.example', 'ci.example.com:8443', '127.0.0.1:9000'];

describe('allowAddress(address, allowed)', () => {
  it('lets the listed hosts through, names below a starred one, and a listed port', () => {
    for (const address of [
      'https://hooks.example.com/a?b=c',
      'https://jenkins.build.corp.example/job/1',
      'https://ci.example.com:8443/x',
      'http://127.0.0.1:9000/x',
    ])
      assert.equal(allowAddress(address, allowed).href, new URL(address).href);
  });

  it('refuses other hosts, ports and the bare name of a starred one', () => {
    for (const address of [
      'https://evil.example/',
      'https://hooks.example.com.evil.example/',
      'https://hooks.example.com:444/',
      'https://corp.example/',
      'https://evilcorp.example/',
      'https://169.254.169.254/latest/meta-data',
      'http://127.0.0.1:9001/',
    ])
      assert.throws(() => allowAddress(address, allowed), { code: 'forbidden', message: /not among/ });
  });

  it('refuses what is not https outside loopback, what names a user, and what is no address', () => {
    for (const address of [
      'http://hooks.example.com/',
      'file:///etc/passwd',
      'hooks.example.com',
      'https://user:secret@hooks.example.com/',
    ])
      assert.throws(() => allowAddress(address, allowed), { code: 'forbidden' });
  });

  it('repeats nothing secret of what it refuses', () => {
    assert.throws(
      () => allowAddress('https://user:secret@evil.example/token-in-path', allowed),
      (error: Error) => !/secret|token-in-path/.test(error.message),
    );
  });

  it('allows nothing when nothing is listed', () => {
    assert.throws(() => allowAddress('https://hooks.example.com/', []), /there are none/);
  });
});

describe('a pattern of hosts', () => {
  it('is a host, a host with its port, or a star before a name', () => {
    for (const pattern of [...allowed, '[::1]:80', 'localhost'])
      assert.equal(hostPattern.parse(pattern), pattern);
    for (const pattern of ['https://a.example', 'a.example/path', '*', 'a.*.example', 'A.example', ''])
      assert.equal(hostPattern.safeParse(pattern).success, false, pattern);
  });
});
