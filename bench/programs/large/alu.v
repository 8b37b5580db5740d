// Work for a synthesizer: an arithmetic unit with a multiplier and shifters.
module alu(input clk, input [31:0] a, b, input [3:0] op, output reg [31:0] y, output reg zero);
    reg [31:0] sum;
    always @(posedge clk) begin
        case (op)
            0: y <= a + b;
            1: y <= a - b;
            2: y <= a * b;
            3: y <= a ^ b;
            4: y <= a << b[4:0];
            5: y <= a >> b[4:0];
            6: y <= $signed(a) >>> b[4:0];
            7: y <= a < b;
            8: y <= sum + a * b[7:0];
            default: y <= ~a;
        endcase
        sum <= sum ^ y;
        zero <= y == 0;
    end
endmodule
