/** The functions of the folder `assembly`, documented there. Addresses are in bytes, counts in elements. */
export interface Assembly {
  readonly channelAffine: (x: number, a: number, b: number, y: number, rows: number, channels: number) => void;
}
