/** The functions of the folder `assembly`, documented there. Addresses are in bytes, counts in elements. */
export interface Assembly {
  readonly cast: (
    x: number,
    y: number,
    count: number,
    period: number,
    scales: number,
    steps: number,
    cast: number,
    spare: number,
  ) => void;
  readonly castGradient: (
    x: number,
    dy: number,
    dx: number,
    dp: number,
    count: number,
    period: number,
    channels: number,
    scales: number,
    steps: number,
    cast: number,
    factor: number,
    work: number,
  ) => void;
  readonly castError: (
    x: number,
    errors: number,
    count: number,
    period: number,
    channels: number,
    scales: number,
    steps: number,
    cast: number,
    work: number,
  ) => void;
  readonly channelMoments: (
    x: number,
    moments: number,
    count: number,
    period: number,
    channels: number,
    work: number,
  ) => void;
  readonly channelAffine: (
    x: number,
    a: number,
    b: number,
    y: number,
    count: number,
    period: number,
    channels: number,
    cast: number,
    work: number,
  ) => void;
  readonly channelAffineGradient: (
    x: number,
    dy: number,
    a: number,
    b: number,
    g: number,
    da: number,
    db: number,
    dp: number,
    count: number,
    period: number,
    channels: number,
    cast: number,
    factor: number,
    work: number,
  ) => void;
  readonly normalizationGradient: (
    x: number,
    g: number,
    a: number,
    slope: number,
    offset: number,
    dx: number,
    count: number,
    period: number,
    channels: number,
    work: number,
  ) => void;
}
