/** DER of a certificate with the common name `root`, which nobody looks at more closely: simulated clients show it. */
export const rootChain: readonly Uint8Array[] = [
  new Uint8Array(
    Buffer.from(
      'MIIBdDCCARugAwIBAgIUeMAdhBQ9lpTEsIR/Qf7vkYcnAoAwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcm9vdDAgFw0yNjEx' +
        'MjIwNzM0MDNaGA8yMTI2MTAyOTA3MzQwM1owDzENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBhc' +
        'SGxs/Jy18ji0xH8L5COYWuHLeSRXIG0hH6uEdhgy1jc+LIgRaSM5FAbv6IAm2Ut93F0wcFpqKiKal82tDlKjUzBRMB0GA1Ud' +
        'DgQWBBSkCMi3toQ2TCx2hIOV1lxPkSo1izAfBgNVHSMEGDAWgBSkCMi3toQ2TCx2hIOV1lxPkSo1izAPBgNVHRMBAf8EBTAD' +
        'AQH/MAoGCCqGSM49BAMCA0cAMEQCIH0L2LPxobeL8OpldI+PE7J47COS+ZUqbc8vPdWfUBRIAiBWTKhmEbS4womsITLonA6U' +
        'fdOSYJN+pk6jcdZw1uM/xg==',
      'base64',
    ),
  ),
];
