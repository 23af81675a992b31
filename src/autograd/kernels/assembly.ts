/** The functions of the folder `assembly`, documented there. Addresses are in bytes, counts in elements. */
export interface Assembly {
  readonly clear: (y: number, count: number) => void;
  readonly padRows: (x: number, y: number, rows: number, bytes: number, left: number, right: number) => void;
  readonly repeatChannels: (
    x: number,
    y: number,
    rows: number,
    columns: number,
    channels: number,
    multiplier: number,
    paddedChannels: number,
    left: number,
    right: number,
  ) => void;
  readonly cutChannels: (x: number, y: number, rows: number, channels: number, paddedChannels: number) => void;
  readonly packFilter: (
    filter: number,
    packed: number,
    rows: number,
    columns: number,
    channels: number,
    outputs: number,
    rowStep: number,
    columnStep: number,
    channelStep: number,
    outputStep: number,
  ) => void;
  readonly correlate: (
    x: number,
    rows: number,
    rowBytes: number,
    columnBytes: number,
    top: number,
    rowStride: number,
    windowRows: number,
    windowSpacing: number,
    runs: number,
    runGap: number,
    runLength: number,
    packed: number,
    y: number,
    yRows: number,
    yColumns: number,
    yRowBytes: number,
    yColumnBytes: number,
    outputs: number,
  ) => void;
  readonly correlateGradient: (
    x: number,
    rows: number,
    rowBytes: number,
    columnBytes: number,
    top: number,
    rowStride: number,
    windowRows: number,
    windowSpacing: number,
    runs: number,
    runGap: number,
    runLength: number,
    dy: number,
    dyRows: number,
    dyColumns: number,
    outputs: number,
    sums: number,
    strip: number,
  ) => void;
  readonly sumChannels: (x: number, y: number, count: number, multiplier: number) => void;
  readonly depthwise: (
    x: number,
    rows: number,
    rowBytes: number,
    columnBytes: number,
    top: number,
    rowStride: number,
    windowRows: number,
    windowSpacing: number,
    windowColumns: number,
    tapGap: number,
    filter: number,
    filterRow: number,
    filterColumn: number,
    y: number,
    yRows: number,
    yColumns: number,
    yRowBytes: number,
    yColumnBytes: number,
    channels: number,
  ) => void;
  readonly depthwiseGradient: (
    x: number,
    rows: number,
    rowBytes: number,
    columnBytes: number,
    top: number,
    rowStride: number,
    windowRows: number,
    windowSpacing: number,
    windowColumns: number,
    tapGap: number,
    dy: number,
    dyRows: number,
    dyColumns: number,
    channels: number,
    sums: number,
    strip: number,
  ) => void;
  readonly windowTiles: (
    x: number,
    height: number,
    width: number,
    channels: number,
    top: number,
    left: number,
    tileRows: number,
    tileColumns: number,
    first: number,
    end: number,
    planes: number,
    planeBytes: number,
    work: number,
  ) => void;
  readonly gradientTiles: (
    dy: number,
    height: number,
    width: number,
    channels: number,
    tileRows: number,
    tileColumns: number,
    first: number,
    end: number,
    planes: number,
    planeBytes: number,
    work: number,
  ) => void;
  readonly resultTiles: (
    planes: number,
    planeBytes: number,
    y: number,
    height: number,
    width: number,
    channels: number,
    tileRows: number,
    tileColumns: number,
    first: number,
    end: number,
    work: number,
  ) => void;
  readonly filterTiles: (filter: number, tapBytes: number, planes: number, count: number, work: number) => void;
  readonly filterResults: (planes: number, filter: number, count: number, work: number) => void;
  readonly passWithin: (x: number, dy: number, y: number, count: number, lower: number, upper: number) => void;
  readonly addToRows: (x: number, b: number, y: number, rows: number, length: number) => void;
  readonly sumRows: (x: number, sums: number, y: number, rows: number, length: number) => void;
  readonly sumWindows: (x: number, y: number, ...window: PoolingWindow) => void;
  readonly spreadWindows: (dy: number, dx: number, ...windowAndIsAverage: [...PoolingWindow, boolean]) => void;
  readonly maximumGradient: (x: number, dy: number, dx: number, ...window: PoolingWindow) => void;
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
  readonly crossEntropy: (
    labels: number,
    logits: number,
    losses: number,
    gradient: number,
    rows: number,
    classes: number,
    divisor: number,
    work: number,
  ) => void;
  readonly descend: (x: number, gradient: number, y: number, count: number, rate: number) => void;
  readonly momentum: (
    x: number,
    gradient: number,
    velocity: number,
    y: number,
    v: number,
    count: number,
    rate: number,
    factor: number,
    isNesterov: boolean,
  ) => void;
  readonly adam: (
    x: number,
    gradient: number,
    first: number,
    second: number,
    y: number,
    m: number,
    v: number,
    count: number,
    rate: number,
    correction: number,
    beta1: number,
    beta2: number,
    epsilon: number,
  ) => void;
}

/** Windows over images: the sizes that functions of pooling take. */
export type PoolingWindow = [
  batch: number,
  height: number,
  width: number,
  channels: number,
  yHeight: number,
  yWidth: number,
  windowHeight: number,
  windowWidth: number,
  rowStride: number,
  columnStride: number,
  top: number,
  left: number,
];
