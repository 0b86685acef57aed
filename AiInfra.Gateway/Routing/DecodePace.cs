namespace AiInfra.Gateway.Routing;

/// <summary>
/// How long a replica takes from token to token, and what disturbs it: <c>base + perStream·n + stall·p</c> seconds, n the answers that
/// run there beside, p the seconds of prefill for each token. Fitted by least squares in which older samples count less.
/// </summary>
/// <remarks>With few samples it leans on what is usual: a prefill stalls the answers for as long as it lasts, and a stream more costs a little.</remarks>
internal sealed class DecodePace
{
    private const double Decay = 0.98;
    private const double PriorWeight = 4;
    private const int Terms = 3;

    // The usual: 12 ms, 0.75 ms a stream, and a stall as long as the prefill.
    private static readonly double[] Usual = [0.012, 0.000_75, 1];
    private readonly double[] _squares = new double[Terms * Terms];
    private readonly double[] _products = new double[Terms];
    private readonly double[] _fitted = [.. Usual];

    /// <summary>Seconds that one more stream adds to each token of the others.</summary>
    public double PerStream => _fitted[1];

    /// <summary>Part of a prefill's time that the running answers stand still, 0 to 1.</summary>
    public double Stall => _fitted[2];

    /// <param name="perToken">Seconds from token to token in one answer.</param>
    /// <param name="streams">Answers that ran beside, on average.</param>
    /// <param name="prefillPerToken">Seconds of prefill meanwhile, for each token.</param>
    public void Add(double perToken, double streams, double prefillPerToken)
    {
        ReadOnlySpan<double> x = [1, streams, prefillPerToken];
        for (var i = 0; i < Terms; i++)
        {
            _products[i] = (_products[i] * Decay) + (x[i] * perToken);
            for (var j = 0; j < Terms; j++)
            {
                _squares[(i * Terms) + j] = (_squares[(i * Terms) + j] * Decay) + (x[i] * x[j]);
            }
        }

        Fit();
    }

    // Ridge towards the usual, each term in its own measure; Gauss without pivoting, for the matrix is positive definite.
    private void Fit()
    {
        Span<double> a = stackalloc double[Terms * Terms];
        Span<double> b = stackalloc double[Terms];
        _squares.CopyTo(a);
        _products.CopyTo(b);
        for (var i = 0; i < Terms; i++)
        {
            var weight = PriorWeight * ((_squares[(i * Terms) + i] / Math.Max(1, _squares[0])) + 1e-9);
            a[(i * Terms) + i] += weight;
            b[i] += weight * Usual[i];
        }

        for (var column = 0; column < Terms; column++)
        {
            for (var row = column + 1; row < Terms; row++)
            {
                var factor = a[(row * Terms) + column] / a[(column * Terms) + column];
                for (var k = column; k < Terms; k++)
                {
                    a[(row * Terms) + k] -= factor * a[(column * Terms) + k];
                }

                b[row] -= factor * b[column];
            }
        }

        for (var row = Terms - 1; row >= 0; row--)
        {
            var rest = b[row];
            for (var k = row + 1; k < Terms; k++)
            {
                rest -= a[(row * Terms) + k] * _fitted[k];
            }

            _fitted[row] = Math.Max(0, rest / a[(row * Terms) + row]);
        }

        _fitted[2] = Math.Min(1, _fitted[2]);
    }
}
