// Protobuf by hand, so that the stored format is proven without the code that writes it.

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export function bytesField(number: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(BigInt(value.length)), value]);
}

export function stringField(number: number, value: string): Buffer {
  return bytesField(number, Buffer.from(value));
}

export function int64Field(number: number, value: bigint): Buffer {
  return Buffer.concat([Buffer.from([number << 3]), varint(value)]);
}

export function message(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}
